import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { createSessions } from "counterfoil";
import { listen } from "../fixtures/listen.ts";
import { type Subject } from "./subject.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Below the repository, so that Next is found, and a place that git does not see. */
const FOLDER = join(ROOT, ".vitest/next-adapter");
const INSTALLED = join(FOLDER, "node_modules/counterfoil");

/** What is used of a custom server of Next. */
interface NextServer {
  prepare(): Promise<void>;
  getRequestHandler(): (...pair: Parameters<RequestListener>) => Promise<void>;
}

/** The app that Next builds, with the library as it is installed: in node_modules. */
function build(): void {
  rmSync(FOLDER, { recursive: true, force: true });
  cpSync(join(ROOT, "test/adapters/next-app"), FOLDER, { recursive: true });
  for (const file of ["setup.ts", "web-routes.ts"])
    cpSync(join(ROOT, "test/adapters", file), join(FOLDER, "lib", file));
  mkdirSync(INSTALLED, { recursive: true });
  for (const part of ["dist", "migrations", "package.json"])
    cpSync(join(ROOT, part), join(INSTALLED, part), { recursive: true });
  const bin = join(ROOT, "node_modules/next/dist/bin/next");
  const env = { ...process.env, NODE_ENV: "production" as const, NEXT_TELEMETRY_DISABLED: "1" };
  execFileSync(process.execPath, [bin, "build"], { cwd: FOLDER, env, stdio: "pipe" });
}

/** One server of Next for all clauses, in this process: each leaves its instance where the app finds it. */
let listener: RequestListener | undefined;
let ownCreateSessions: typeof createSessions | undefined;

export const nextSubject: Subject = {
  name: "Next.js 16",
  get createSessions() {
    return ownCreateSessions;
  },
  async prepare() {
    build();
    const library = (await import(pathToFileURL(join(INSTALLED, "dist/index.js")).href)) as {
      createSessions: typeof createSessions;
    };
    ownCreateSessions = library.createSessions;
    const next = createRequire(import.meta.url)("next") as (options: object) => NextServer;
    const app = next({ dev: false, dir: FOLDER, quiet: true });
    await app.prepare();
    const handle = app.getRequestHandler();
    listener = (request, response) => void handle(request, response);
  },
  async listen(setup) {
    Object.assign(globalThis, { counterfoilSetup: setup });
    if (listener === undefined) throw new Error("Next has not been prepared");
    return listen(listener);
  },
};
