/** A small app of Next.js and a page of a sibling sub-domain, each on a server of its own. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { send } from "../http/send.ts";
import { freePort } from "../servers/free-port.ts";
import { until } from "../servers/until.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A version of Next.js: the package under node_modules, and its file for what runs before a request. */
export interface NextVersion {
  readonly name: string;
  readonly package: "next" | "next15";
  readonly proxy: "proxy.js" | "middleware.js";
}

export interface CrossSiteServer extends AsyncDisposable {
  readonly port: number;
  /** The app; browsers count names below `localhost` as secure, and these two as one site. */
  readonly origin: string;
  /** The sibling: it answers every path with the HTML in `?html=`, and no referrer goes out from there. */
  readonly sibling: string;
}

const folderOf = (version: NextVersion): string => join(ROOT, ".vitest/cross-site", version.package);

/** Builds the app for a version, below the repository, so that React is found. */
export async function buildCrossSite(version: NextVersion): Promise<void> {
  const folder = folderOf(version);
  const modules = join(folder, "node_modules");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(modules, "counterfoil"), { recursive: true });
  const other = version.proxy === "proxy.js" ? "middleware.js" : "proxy.js";
  cpSync(join(ROOT, "test/ssr/cross-site-app"), folder, { recursive: true, filter: (file) => !file.endsWith(other) });
  for (const part of ["dist", "migrations", "package.json"])
    cpSync(join(ROOT, part), join(modules, "counterfoil", part), { recursive: true });
  // Next asks for parts of itself by its own name, so a link to a folder of another name would mix two versions.
  execFileSync("cp", ["-al", join(ROOT, "node_modules", version.package), join(modules, "next")]);
  const child = runNext(version, ["build"]);
  const [said, [code]] = await Promise.all([output(child), once(child, "exit")]);
  if (code !== 0) throw new Error(`next build failed:\n${said}`);
}

export async function startCrossSite(version: NextVersion): Promise<CrossSiteServer> {
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), "counterfoil-cross-site-"));
  const origin = `http://app.site.localhost:${port}`;
  const child = runNext(version, ["start", "--hostname", "127.0.0.1", "--port", String(port)], {
    PUBLIC_ORIGIN: origin,
    SESSIONS_DB: join(data, "sessions.db"),
  });
  const said = output(child);
  const exited = once(child, "exit");
  const died = exited.then(async () => Promise.reject(new Error(`next start ended:\n${await said}`)));
  died.catch(() => undefined);
  const sibling = createServer((request, response) => {
    const html = new URL(request.url ?? "", "http://sibling").searchParams.get("html") ?? "";
    response.writeHead(200, { "content-type": "text/html", "referrer-policy": "no-referrer" }).end(html);
  });
  sibling.listen(0, "127.0.0.1");
  await once(sibling, "listening");
  await Promise.race([
    until("next answers", async () => (await send(port, { path: "/api/mine" })).status === 401),
    died,
  ]);
  return {
    port,
    origin,
    sibling: `http://blog.site.localhost:${(sibling.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
      sibling.closeAllConnections();
      sibling.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function runNext(
  version: NextVersion,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const cwd = folderOf(version);
  return spawn(process.execPath, [join(cwd, "node_modules/next/dist/bin/next"), ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
}

async function output({ stdout, stderr }: ChildProcess): Promise<string> {
  const streams = [stdout, stderr].filter((stream) => stream !== null);
  return (await Promise.all(streams.map((stream) => text(stream)))).join("");
}
