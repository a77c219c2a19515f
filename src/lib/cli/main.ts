#!/usr/bin/env node
import { COMMANDS } from "./commands.ts";
import { UsageError } from "./command-error.ts";
import { printableJson } from "./printable.ts";
import { toReport } from "./report.ts";

const args = process.argv.slice(2);
const isJson = args.includes("--json");
const [first = "", second = ""] = args;
const name = COMMANDS.has(first) ? first : `${first} ${second}`;
const command = COMMANDS.get(name);

const usageOf = (texts: Iterable<string>): string => `Usage:\n\n${[...texts].join("\n\n")}\n`;
const allUsages = (): string => usageOf([...COMMANDS.values()].map(({ usage }) => usage));

if (["help", "--help", "-h"].includes(first) || args.includes("--help")) {
  process.stdout.write(command === undefined ? allUsages() : usageOf([command.usage]));
} else {
  try {
    if (command === undefined) throw unknownCommand();
    const { text, json, exitCode = 0, endsProcess = false } = await command.run(args.slice(name.split(" ").length));
    process.exitCode = exitCode;
    process.stdout.write(isJson ? printableJson(json) : text, () => {
      if (endsProcess) process.exit();
    });
  } catch (error) {
    const { exitCode, code, message } = toReport(error, [...args, process.env["COUNTERFOIL_STORE"] ?? ""]);
    process.exitCode = exitCode;
    if (isJson) {
      process.stdout.write(printableJson({ error: { code, message } }));
    } else {
      const usage =
        error instanceof UsageError ? `\n${command === undefined ? allUsages() : usageOf([command.usage])}` : "";
      process.stderr.write(`counterfoil: ${code === "USAGE" ? "" : `${code}: `}${message}\n${usage}`);
    }
  }
}

/** The word itself may be a URL with a password, so it is not repeated. */
function unknownCommand(): UsageError {
  const known = [...COMMANDS.keys()];
  const ofGroup = known.filter((each) => each.startsWith(`${first} `));
  if (first === "") return new UsageError(`name a command: ${known.join(", ")}`);
  if (ofGroup.length > 0) return new UsageError(`name one of: ${ofGroup.join(", ")}`);
  return new UsageError(`there is no such command; known are ${known.join(", ")}`);
}
