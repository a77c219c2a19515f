#!/usr/bin/env node
import { migrate, MIGRATE_USAGE } from "./migrate.ts";
import { UsageError } from "./usage-error.ts";

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => string>> = { migrate };
const USAGE = `Usage:\n\n${MIGRATE_USAGE}\n`;

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

if (command !== undefined && !args.includes("--help")) {
  try {
    process.stdout.write(command(args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    fail(error.message);
  }
} else if (["help", "--help", "-h"].includes(name) || args.includes("--help")) {
  process.stdout.write(USAGE);
} else {
  fail(name === "" ? "name a command" : "there is no such command");
}

function fail(message: string): void {
  process.stderr.write(`counterfoil: ${message}\n\n${USAGE}`);
  process.exitCode = 2;
}
