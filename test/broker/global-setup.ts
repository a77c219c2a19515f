import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { BROKER } from "./broker-client.ts";

let broker: ChildProcess | undefined;
let exited: Promise<unknown[]> = Promise.resolve([]);

/** Before all files: the broker, which starts nothing until a file asks. */
export async function setup(): Promise<void> {
  broker = fork(fileURLToPath(new URL("broker.ts", import.meta.url)));
  exited = once(broker, "exit");
  const ended = exited.then(([code]) => Promise.reject(new Error(`the broker ended with ${String(code)}`)));
  ended.catch(() => undefined);
  const [socket] = (await Promise.race([once(broker, "message"), ended])) as [string];
  process.env[BROKER] = socket;
}

/**
 * After all files: it ends with the channel to this process, and so it does when this process is
 * killed.
 */
export async function teardown(): Promise<void> {
  if (broker?.connected === true) broker.disconnect();
  await exited;
}
