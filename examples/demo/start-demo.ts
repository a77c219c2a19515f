import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface RunningDemo {
  readonly url: string;
  stop(): Promise<void>;
}

/** The demo as a process of its own, on a free port; for tests. */
export async function startDemo(): Promise<RunningDemo> {
  const server = fileURLToPath(new URL("server.ts", import.meta.url));
  const child = spawn(process.execPath, [server], { env: { ...process.env, PORT: "0" }, stdio: "pipe" });
  const exited = once(child, "exit");
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      const match = /http:\/\/localhost:\d+/.exec(said);
      if (match !== null) resolve(match[0]);
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    exited.then(() => reject(new Error(`the demo did not start:\n${said}`)), reject);
  });
  return {
    url,
    async stop() {
      child.kill();
      await exited;
    },
  };
}
