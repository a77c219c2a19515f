/** A folder of a reader's, and the guide's servers, each run there as a process of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { send } from "../../http/send.ts";
import { freePort } from "../../servers/free-port.ts";
import { Hopeless, until } from "../../servers/until.ts";
import { root } from "../snippets.ts";

export type Environment = Readonly<Record<string, string>>;

export interface App {
  readonly port: number;
  stop(): Promise<void>;
}

export interface Stage {
  /** Where all servers run, so that they share what they keep in files. */
  readonly folder: string;
  /** Starts a server; done when it answers. */
  start(code: string, env?: Environment): Promise<App>;
  /** Runs a script to its end. What it printed. */
  run(code: string, env?: Environment): Promise<string>;
  /** Puts a file into the folder `public`. */
  publish(name: string, content: string): void;
  /** Stops all that runs, and removes the folder. */
  remove(): Promise<void>;
}

export const SECRET = "a secret for readers of the guides, long enough";

/** @param parent a folder below whose `node_modules` the code finds its packages */
export function createStage(common: Environment = {}, parent?: string): Stage {
  const folder = mkdtempSync(join(parent ?? tmpdir(), ".counterfoil-guide-"));
  if (parent === undefined) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), '{ "name": "reader", "private": true, "type": "module" }');
  mkdirSync(join(folder, "public"));
  const apps = new Set<App>();
  let files = 0;

  function write(code: string): string {
    const file = join(folder, `server-${(files += 1)}.ts`);
    writeFileSync(file, code);
    return file;
  }

  const envOf = (env: Environment): NodeJS.ProcessEnv => ({
    ...process.env,
    COUNTERFOIL_SECRET: SECRET,
    ...common,
    ...env,
  });

  return {
    folder,
    publish: (name, content) => writeFileSync(join(folder, "public", name), content),

    async start(code, env = {}) {
      const port = Number(env["PORT"] ?? (await freePort()));
      const child = spawn(process.execPath, [write(code)], {
        cwd: folder,
        env: envOf({ ...env, PORT: String(port) }),
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += String(part)));
      const app = { port, stop: () => end(child).then(() => void apps.delete(app)) };
      apps.add(app);
      await until("the server answers", async () => {
        if (child.exitCode !== null) throw new Hopeless(`the server has ended:\n${output}`);
        return (await send(port, { path: "/" })).status > 0;
      });
      return app;
    },

    async run(code, env = {}) {
      const { stdout } = await promisify(execFile)(process.execPath, [write(code)], { cwd: folder, env: envOf(env) });
      return stdout;
    },

    async remove() {
      await Promise.all([...apps].map((app) => app.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
