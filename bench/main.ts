/**
 * Runs benches and prints their tables: `npm run bench`, or some of them by name. Never fails for a
 * figure.
 */
import { bench as backlog } from "./backlog.ts";
import { bench as browser } from "./browser/bench.ts";
import { UsageError } from "./command/bench.ts";
import { type Benches, type Command, readCommand, writeUsage } from "./command/command-line.ts";
import { bench as crowd } from "./crowd.ts";
import { bench as feed } from "./feed.ts";
import { bench as growth } from "./growth/bench.ts";
import { bench as http } from "./http/bench.ts";
import { runBenches } from "./run.ts";
import { bench as start } from "./start/bench.ts";
import { bench as verify } from "./verify/bench.ts";
import { bench as write } from "./write/bench.ts";

/** In this order. */
const BENCHES: Benches = { verify, http, write, start, growth, browser, backlog, crowd, feed };

function readOrTell(args: readonly string[]): Command | undefined {
  try {
    return readCommand(args, BENCHES);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${writeUsage(BENCHES)}`);
    return undefined;
  }
}

const command = readOrTell(process.argv.slice(2));
if (command === undefined) process.exitCode = 1;
else await runBenches(command, BENCHES);
