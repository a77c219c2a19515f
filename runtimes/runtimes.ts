/** The runtimes of the matrix: how each starts, and what it cannot have. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { startWorkerd } from "./workerd.ts";

export interface StartedRuntime {
  /** Where its server listens on 127.0.0.1. */
  readonly port: number;
  readonly stop: () => Promise<unknown>;
}

/** A clause that a runtime's own server makes impossible. */
export interface Limit {
  /** What the error of the clause says; another one is a fault of ours. */
  readonly error: RegExp;
  readonly why: string;
}

export interface Runtime {
  readonly name: string;
  readonly start: () => Promise<StartedRuntime>;
  /** The stores that it has. */
  readonly stores: readonly string[];
  /** By the id of the clause of `httpClauses`. */
  readonly limits: Readonly<Record<string, Limit>>;
}

const folder = import.meta.dirname;
const installed = (path: string): string => join(folder, "node_modules", path);

/** The clause writes 3.6 MB into a row. */
const LARGE_ROWS: Runtime["limits"] = {
  "text-1": { error: /SQLITE_TOOBIG/, why: "a row has at most 2 MB" },
};

/** The clauses that a store's database makes impossible, by their ids. */
export const limitsOf = (store: string): Runtime["limits"] =>
  store === "D1" || store === "Durable Object" ? LARGE_ROWS : NO_LIMITS;

const NO_LIMITS: Runtime["limits"] = {};

const onNode = (name: string, binary: string): Runtime => ({
  name,
  start: () => startProcess(binary, ["--disable-warning=CounterfoilNotice", "app/on-node.ts"]),
  stores: ["memory", "node:sqlite"],
  limits: NO_LIMITS,
});

/** workerd drops an empty value of a header that it knows by itself. No browser sends one. */
const NO_EMPTY_ORIGIN = "an empty Origin header does not reach the app";

export const RUNTIMES: readonly Runtime[] = [
  onNode("Node 22", installed("node-22/bin/node")),
  onNode("Node 24", process.execPath),
  onNode("Node 26", installed("node-26/bin/node")),
  {
    name: "Bun",
    start: () => startProcess(installed("@oven/bun-linux-x64/bin/bun"), ["app/on-bun.ts"]),
    stores: ["memory", "node:sqlite", "bun:sqlite"],
    limits: NO_LIMITS,
  },
  {
    name: "Deno",
    start: () => startProcess(installed("@deno/linux-x64-glibc/deno"), ["run", "--allow-all", "app/on-deno.ts"]),
    stores: ["memory", "node:sqlite"],
    limits: { "hostile-3": { error: /^400$/, why: "Deno.serve answers headers of 64 KB with 400, not 431" } },
  },
  {
    name: "workerd",
    start: () => startWorkerd(join(folder, "app/on-workerd.ts")),
    stores: ["memory", "D1"],
    limits: {
      "csrf-1": {
        error:
          /\[\n\+ {3}'POST undefined : 200',\n\+ {3}'PUT undefined : 200',\n\+ {3}'PATCH undefined : 200',\n\+ {3}'DELETE undefined : 200'\n\+ \]/,
        why: NO_EMPTY_ORIGIN,
      },
      "csrf-2": { error: /\[\n\+ {3}'POST undefined : 200'\n\+ \]/, why: NO_EMPTY_ORIGIN },
      "hostile-6": { error: /401 !== 200/, why: "several Cookie headers reach the app as one, joined by a comma" },
    },
  },
];

/** Starts a process that prints `{"port":n}` once it listens. */
async function startProcess(command: string, args: readonly string[]): Promise<StartedRuntime> {
  const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const complaints = text(child.stderr);
  const exited = once(child, "exit");
  const line = await readLine(child.stdout);
  if (line === undefined) throw new Error(`${command} did not start:\n${await complaints}`);
  const { port } = JSON.parse(line) as { readonly port: number };
  return {
    port,
    stop() {
      child.kill("SIGKILL");
      return exited;
    },
  };
}

/** @returns undefined if the process ends without one */
async function readLine(stdout: Readable): Promise<string | undefined> {
  for await (const line of createInterface(stdout)) return line;
  return undefined;
}
