import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { until } from "../servers/until.ts";
import { send } from "../http/send.ts";
import type { Serve } from "./page-server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NEXT = join(ROOT, "node_modules/next/dist/bin/next");
/** Below the repository, so that Next is found, and a place that git does not see. */
const IN_ROOT = ".vitest/next-app";
const FOLDER = join(ROOT, IN_ROOT);

const SESSIONS = `import { createSessions } from "counterfoil";
import { sessionsFor } from "counterfoil/next";
import { configOf, noteEvents, type Place } from "./test-config.ts";

const place = JSON.parse(process.env["TEST_PLACE"] ?? '{ "origin": "http://localhost", "folder": ".", "config": {} }') as Place;
const sessions = createSessions<unknown, { readonly notes?: readonly string[] }>(configOf(place));
export const { createNewSession, getServerSession, sessionProxy, verifySession, withSessions } = sessionsFor(sessions);
noteEvents(sessions.on, place);
`;

/** Signs in on the stores that are asked for; pools bring their drivers along. */
const STORES = `import { type BundledStore, signIn } from "../../lib/sign-in.ts";

export async function POST(request: Request): Promise<Response> {
  const stores = (await request.json()) as readonly [BundledStore, string][];
  return Response.json(await Promise.all(stores.map(([name, at]) => signIn(name, at))));
}
`;
const CONFIG = `export default { output: "standalone", outputFileTracingRoot: ${JSON.stringify(ROOT)} };
`;

let standalone = "";

/**
 * Builds a copy of examples/next that has sessions by the test's clock, and the library as it is
 * installed: in node_modules. What Next has traced moves out of the repository, as to a host that
 * gets nothing else.
 */
export async function buildNext(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  const installed = join(FOLDER, "node_modules/counterfoil");
  mkdirSync(installed, { recursive: true });
  for (const part of ["dist", "package.json"]) {
    cpSync(join(ROOT, part), join(installed, part), { recursive: true });
  }
  const ours = (path: string): boolean => !/\/(?:\.next|node_modules)(?:\/|$)|\.db/.test(path.slice(ROOT.length));
  cpSync(join(ROOT, "examples/next"), FOLDER, { recursive: true, filter: ours });
  cpSync(join(ROOT, "test/ssr/test-config.ts"), join(FOLDER, "lib/test-config.ts"));
  writeFileSync(join(FOLDER, "lib/sessions.ts"), SESSIONS);
  cpSync(join(ROOT, "test/package/bundled/sign-in.ts"), join(FOLDER, "lib/sign-in.ts"));
  mkdirSync(join(FOLDER, "app/stores"));
  writeFileSync(join(FOLDER, "app/stores/route.ts"), STORES);
  writeFileSync(join(FOLDER, "next.config.mjs"), CONFIG);
  const child = runNode([NEXT, "build"], FOLDER);
  const [said, [code]] = await Promise.all([output(child), once(child, "exit")]);
  if (code !== 0) throw new Error(`next build failed:\n${said}`);
  standalone = mkdtempSync(join(tmpdir(), "counterfoil-next-"));
  cpSync(join(FOLDER, ".next/standalone"), standalone, { recursive: true, verbatimSymlinks: true });
  // Bundled for the pools; for stores that are given a URL the host installs them, as the guide
  // says.
  for (const driver of ["mysql2", "redis"])
    symlinkSync(join(ROOT, "node_modules", driver), join(standalone, "node_modules", driver));
  // Next leaves these to a CDN, or to whoever copies them.
  cpSync(join(FOLDER, ".next/static"), join(standalone, IN_ROOT, ".next/static"), { recursive: true });
}

export const removeNext = (): void => rmSync(standalone, { recursive: true, force: true });

/** The server that `output: "standalone"` makes, as a process of its own. */
export const serveNext: Serve = async (place, port) => {
  const child = runNode([join(standalone, IN_ROOT, "server.js")], standalone, {
    TEST_PLACE: JSON.stringify(place),
    HOSTNAME: "127.0.0.1",
    PORT: String(port),
  });
  const said = output(child);
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill();
    await exited;
  };
  const died = exited.then(async () => Promise.reject(new Error(`the server of Next ended:\n${await said}`)));
  died.catch(() => undefined);
  const answers = until("next answers", async () => (await send(port, { path: "/api/me" })).status === 401);
  await Promise.race([answers, died]);
  return stop;
};

function runNode(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
}

async function output({ stdout, stderr }: ChildProcess): Promise<string> {
  const streams = [stdout, stderr].filter((stream) => stream !== null);
  return (await Promise.all(streams.map((stream) => text(stream)))).join("");
}
