/** The example app of Next.js below a path, with a slash at the end of every path. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { send } from "../http/send.ts";
import { until } from "../servers/until.ts";
import type { Serve } from "./page-server.ts";
import { type NextPackage, outputOf } from "./shared-next-app.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const BASE = "/shop";

const folderOf = (version: NextPackage): string => join(ROOT, ".vitest/next-below-path", version);

const CONFIG = `export default {
  basePath: ${JSON.stringify(BASE)},
  trailingSlash: true,
  typescript: { ignoreBuildErrors: true },
};
`;
const SESSIONS = `import { createSessions } from "counterfoil";
import { sessionsFor } from "counterfoil/next";
import { configOf, noteEvents } from "./test-config.ts";

const place = JSON.parse(process.env["TEST_PLACE"] ?? '{ "origin": "http://localhost", "folder": ".", "config": {} }');
const sessions = createSessions(configOf(place));
export const { createNewSession, getServerSession, sessionProxy, verifySession, withSessions } = sessionsFor(sessions);
noteEvents(sessions.on, place);
`;

/** What Next leaves to the app: addresses that it has written itself. */
const OWN_ADDRESSES: readonly (readonly [file: string, from: string, to: string])[] = [
  ["app/page.tsx", 'action="/login"', `action="${BASE}/login/"`],
  ["app/login/route.ts", 'location: "/"', `location: "${BASE}/"`],
];

/** @throws when the build fails, with what it has printed */
export async function buildBelowPath(version: NextPackage): Promise<void> {
  const folder = folderOf(version);
  const modules = join(folder, "node_modules");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(modules, { recursive: true });
  const ours = (path: string): boolean => !/\/(?:\.next|node_modules)(?:\/|$)|\.db/.test(path.slice(ROOT.length));
  cpSync(join(ROOT, "examples/next"), folder, { recursive: true, filter: ours });
  for (const part of ["dist", "package.json"])
    cpSync(join(ROOT, part), join(modules, "counterfoil", part), { recursive: true });
  // Next asks for parts of itself by its own name, so a link to a folder of another name would mix
  // two versions.
  execFileSync("cp", ["-al", join(ROOT, "node_modules", version), join(modules, "next")]);
  cpSync(join(ROOT, "test/ssr/test-config.ts"), join(folder, "lib/test-config.ts"));
  writeFileSync(join(folder, "lib/sessions.ts"), SESSIONS);
  writeFileSync(join(folder, "next.config.mjs"), CONFIG);
  for (const [file, from, to] of OWN_ADDRESSES) change(join(folder, file), from, to);
  // As the guide says for versions before 16.
  if (version === "next15") {
    const proxy = join(folder, "proxy.ts");
    change(proxy, "export const proxy", "export const middleware");
    change(proxy, "export const config = { ", 'export const config = { runtime: "nodejs", ');
    cpSync(proxy, join(folder, "middleware.ts"));
    rmSync(proxy);
    toJavaScript(folder);
  }
  const child = runNext(version, ["build"]);
  const [said, [code]] = await Promise.all([outputOf(child), once(child, "exit")]);
  if (code !== 0) throw new Error(`next build failed:\n${said}`);
}

/** Next 15 does not build with TypeScript 7. */
function toJavaScript(folder: string): void {
  rmSync(join(folder, "tsconfig.json"));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => /^(?!node_modules).*\.tsx?$/.test(name))) {
    const text = readFileSync(join(folder, file), "utf8");
    const { code } = transformSync(text, { loader: "tsx", jsx: "preserve" });
    const target = file.replace(/\.ts(x?)$/, ".js$1");
    writeFileSync(join(folder, target), code.replaceAll(/(from "\.[^"]*)\.ts(x?)"/g, '$1.js$2"'));
    rmSync(join(folder, file));
  }
}

function change(file: string, from: string, to: string): void {
  const text = readFileSync(file, "utf8");
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(file, text.replace(from, to));
}

/** `next start`, as a process of its own. */
export const serveBelowPath =
  (version: NextPackage): Serve =>
  async (place, port) => {
    const child = runNext(version, ["start", "--hostname", "127.0.0.1", "--port", String(port)], {
      TEST_PLACE: JSON.stringify(place),
    });
    const said = outputOf(child);
    const exited = once(child, "exit");
    const died = exited.then(async () => Promise.reject(new Error(`next start ended:\n${await said}`)));
    died.catch(() => undefined);
    const isUp = async (): Promise<boolean> => (await send(port, { path: `${BASE}/api/me/` })).status === 401;
    await Promise.race([until("next answers", isUp), died]);
    return async () => {
      child.kill();
      await exited;
    };
  };

function runNext(version: NextPackage, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const cwd = folderOf(version);
  return spawn(process.execPath, [join(cwd, "node_modules/next/dist/bin/next"), ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
}
