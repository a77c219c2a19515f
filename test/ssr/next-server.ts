import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { until } from "../servers/until.ts";
import { send } from "../http/send.ts";
import type { Serve } from "./page-server.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NEXT = join(ROOT, "node_modules/next/dist/bin/next");
/** Below the repository, so that Next is found, and a place that git does not see. */
const FOLDER = join(ROOT, ".vitest/next-app");

const SESSIONS = `import { createSessions, type Sessions } from "counterfoil";
import { configOf, noteEvents, type Place } from "./test-config.ts";

const place = JSON.parse(process.env["TEST_PLACE"] ?? '{ "origin": "http://localhost", "folder": ".", "config": {} }') as Place;
export const sessions: Sessions = createSessions(configOf(place));
noteEvents(sessions.on, place);
`;

/** Builds a copy of examples/next that has sessions by the test's clock, and the library as it is installed: in node_modules. */
export async function buildNext(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  const installed = join(FOLDER, "node_modules/counterfoil");
  mkdirSync(installed, { recursive: true });
  for (const part of ["dist", "migrations", "package.json"]) {
    cpSync(join(ROOT, part), join(installed, part), { recursive: true });
  }
  const ours = (path: string): boolean => !/\/(?:\.next|node_modules)(?:\/|$)|\.db/.test(path.slice(ROOT.length));
  cpSync(join(ROOT, "examples/next"), FOLDER, { recursive: true, filter: ours });
  cpSync(join(ROOT, "test/ssr/test-config.ts"), join(FOLDER, "lib/test-config.ts"));
  writeFileSync(join(FOLDER, "lib/sessions.ts"), SESSIONS);
  const child = runNext(["build"]);
  const [said, [code]] = await Promise.all([output(child), once(child, "exit")]);
  if (code !== 0) throw new Error(`next build failed:\n${said}`);
}

/** The files that a built route needs, as Next sees it. */
export function readTraced(route: string): readonly string[] {
  const trace = readFileSync(join(FOLDER, ".next/server", `${route}.nft.json`), "utf8");
  return (JSON.parse(trace) as { readonly files: readonly string[] }).files;
}

/** `next start`, as a process of its own. */
export const serveNext: Serve = async (place, port) => {
  const child = runNext(["start", "--hostname", "127.0.0.1", "--port", String(port)], {
    TEST_PLACE: JSON.stringify(place),
  });
  const said = output(child);
  const exited = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill();
    await exited;
  };
  const died = exited.then(async () => Promise.reject(new Error(`next start ended:\n${await said}`)));
  died.catch(() => undefined);
  const answers = until("next answers", async () => (await send(port, { path: "/api/me" })).status === 401);
  await Promise.race([answers, died]);
  return stop;
};

function runNext(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, [NEXT, ...args], {
    cwd: FOLDER,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
}

async function output({ stdout, stderr }: ChildProcess): Promise<string> {
  const streams = [stdout, stderr].filter((stream) => stream !== null);
  return (await Promise.all(streams.map((stream) => text(stream)))).join("");
}
