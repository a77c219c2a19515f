import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFailed, onTestFinished } from "vitest";

/** A program of test/store/children at work. */
export interface Child {
  /** Its next report; fails with what it wrote to stderr when there is none. */
  next<T>(): Promise<T>;
  /** All reports until it ends. */
  rest<T>(): Promise<T[]>;
  tell(command: unknown): void;
  /** Ends it at once, wherever it is. */
  kill(): void;
}

/** Starts a program. It does not outlive the test. */
export function startChild(program: string): Child {
  const child = spawnChild(program);
  onTestFinished(() => child.kill());
  return child;
}

const servers: Child[] = [];

/**
 * The programs import the same files, which are compiled once for all of them, and kept for the
 * next run.
 */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/counterfoil-compiled/", import.meta.url));

/**
 * So many processes of children/server.ts, the same for test after test; after one that failed,
 * fresh ones.
 */
export function takeServers(count: number): readonly Child[] {
  onTestFailed(stopServers);
  while (servers.length < count) servers.push(spawnChild("server"));
  return servers.slice(0, count);
}

/** For `afterAll`. */
export function stopServers(): void {
  for (const server of servers.splice(0)) server.kill();
}

/** Starts a program with the Node that runs the tests; the caller ends it. */
export function spawnChild(program: string): Child {
  const file = fileURLToPath(new URL(`children/${program}.ts`, import.meta.url));
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  // A child that was killed takes no more commands.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  return {
    async next<T>() {
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`${program} ended without a report: ${errors}`);
      return JSON.parse(value) as T;
    },
    async rest<T>() {
      const reports: T[] = [];
      for (;;) {
        const { done, value } = await lines.next();
        if (done === true) return reports;
        reports.push(JSON.parse(value) as T);
      }
    },
    tell: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    kill: () => void child.kill("SIGKILL"),
  };
}
