import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ServerOrder } from "./http-contenders.ts";
import type { ReadyMessage, UsageMessage } from "./http-server.ts";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly port: number;
  /** Processor time that it has used since its start, of all its threads, in µs. */
  measureCpu(): Promise<number>;
  stop(): void;
}

/** @param execArgv for Node, such as `--cpu-prof` */
export async function startServer(order: ServerOrder, execArgv: readonly string[] = []): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL("http-server.ts", import.meta.url)), [JSON.stringify(order)], {
    execArgv: [...execArgv],
    env: { ...process.env, NODE_ENV: "production" },
  });
  const gone = once(child, "exit").then(([code, signal]: readonly unknown[]) => {
    throw new Error(`the server ${order.framework}, ${order.guard} has ended: ${String(signal ?? code)}`);
  });
  // A call that waits for a message notices it.
  gone.catch(() => undefined);
  const receive = async <T>(): Promise<T> => ((await Promise.race([once(child, "message"), gone])) as [T])[0];
  const { port } = await receive<ReadyMessage>();
  return {
    port,
    async measureCpu() {
      const message = receive<UsageMessage>();
      child.send("cpu");
      const { user, system } = await message;
      return user + system;
    },
    stop: () => void child.kill(),
  };
}
