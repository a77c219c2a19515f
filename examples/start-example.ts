import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

const run = promisify(execFile);
const TOOLS = join(import.meta.dirname, "../node_modules/.bin");

export interface Example {
  readonly url: string;
  stop(signal?: NodeJS.Signals): Promise<Ending>;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  /** What it wrote to its standard error. */
  readonly complaints: string;
}

const built = new Set<string>();

/**
 * Runs the `start` script, its last command as a process of its own, which then gets the signal and
 * not npm.
 */
export async function startExample(folder: string, variables: Readonly<Record<string, string>>): Promise<Example> {
  const { scripts } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    scripts: { start: string };
  };
  const commands = scripts.start.split(" && ").map((command) => command.split(" "));
  const path = [TOOLS, process.env["PATH"]].join(delimiter);
  const options = { cwd: folder, env: { ...process.env, ...variables, PATH: path, PORT: "0" } };
  const [file = "", ...args] = commands.pop() ?? [];
  // They build, which one file needs only once.
  if (!built.has(folder)) for (const [tool = "", ...rest] of commands) await run(tool, rest, options);
  built.add(folder);

  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(child, "exit");
  const complained = text(child.stderr);
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const [, found] = /^listening on (http:\/\/localhost:\d+)$/m.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    const fail = async (): Promise<void> => reject(new Error(`it did not start:\n${said}${await complained}`));
    exited.then(fail, reject);
  });
  return {
    url,
    async stop(how = "SIGTERM") {
      child.kill(how);
      const [code, signal] = (await exited) as [number | null, string | null];
      return { code, signal, complaints: await complained };
    },
  };
}
