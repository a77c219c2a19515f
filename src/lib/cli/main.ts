#!/usr/bin/env node
import { ConfigError, SessionError } from "../errors.ts";
import { migrate, MIGRATE_USAGE } from "./migrate.ts";
import { sweep, SWEEP_USAGE } from "./sweep.ts";
import { UsageError } from "./usage-error.ts";

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => string | Promise<string>>> = { migrate, sweep };
const USAGE = `Usage:\n\n${MIGRATE_USAGE}\n\n${SWEEP_USAGE}\n`;

const [name = "", ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;

if (command !== undefined && !args.includes("--help")) {
  try {
    process.stdout.write(await command(args));
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) exitWithUsage(error.message);
    else if (error instanceof SessionError) fail(error);
    else throw error;
  }
} else if (["help", "--help", "-h"].includes(name) || args.includes("--help")) {
  process.stdout.write(USAGE);
} else {
  exitWithUsage(name === "" ? "name a command" : "there is no such command");
}

/** The arguments are wrong. */
function exitWithUsage(message: string): void {
  process.stderr.write(`counterfoil: ${message}\n\n${USAGE}`);
  process.exitCode = 2;
}

/** The arguments were right, but the database failed. */
function fail({ code, detail, cause }: SessionError): void {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  process.stderr.write(`counterfoil: ${code}: ${detail}${reason}\n`);
  process.exitCode = 1;
}
