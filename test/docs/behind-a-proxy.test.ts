/** The blocks of docs/guide/behind-a-proxy.md, as they stand there, in front of an app. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createSessions } from "counterfoil";
import { createNewSession, errorHandler, sessionRoutes, verifySession, findSession } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type Request, type Response } from "express";
import { expect, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { createBrowserJar } from "../http/browser-jar.ts";
import { route, START } from "../http/fixtures.ts";
import { type RawResponse, send } from "../http/send.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startNginx } from "../servers/nginx.ts";
import { root } from "./snippets.ts";

const guide = readFileSync(join(root, "docs/guide/behind-a-proxy.md"), "utf8");
const blocks = new Map(
  [...guide.matchAll(/^```nginx (\w+)\n(.*?)^```$/gms)].map(([, name = "", text = ""]) => [name, text]),
);
const HOST = "shop.example";
const PAGE = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };

test("there are four blocks of nginx", () => {
  expect([...blocks.keys()]).toEqual(["strip", "keep", "rewrite", "buffers"]);
});

test("the block of Vite takes the base path from what is below it, and from nothing else", async () => {
  const code = /^export default \{\n {2}server:.*?^\};$/ms.exec(guide)?.[0] ?? "";
  const config = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    readonly default: { readonly server: { readonly proxy: Readonly<Record<string, ViteProxy>> } };
  };
  // Vite's keys are what an address begins with.
  const [[begin, proxy] = ["", undefined], ...others] = Object.entries(config.default.server.proxy);
  expect(others).toEqual([]);
  expect(["/shop/session/refresh", "/shop/", "/shopping"].map((path) => path.startsWith(begin))).toEqual([
    true,
    true,
    false,
  ]);
  expect(["/shop/session/refresh?to=%2Fshop%2Fa", "/shop/"].map((path) => proxy?.rewrite(path))).toEqual([
    "/session/refresh?to=%2Fshop%2Fa",
    "/",
  ]);
});

interface ViteProxy {
  readonly rewrite: (path: string) => string;
}

interface Visit extends AsyncDisposable {
  ask(this: void, method: string, path: string, headers?: object): Promise<RawResponse>;
  expire(this: void): void;
}

/** A browser, the guide's nginx, and an app whose paths are below `mount`. */
async function startBehind(block: string, mount: string, basePath: string | undefined): Promise<Visit> {
  let now = START;
  const sessions = createSessions({
    store: memory(),
    clock: () => now,
    http: { publicOrigin: `https://${HOST}`, basePath },
  });
  const app = express();
  const shop = express.Router();
  shop.post(
    "/login",
    route(async (request, response) => {
      const pad = "x".repeat(Number(request.query["pad"] ?? 0));
      await createNewSession(request, response, "alice", { sessions, jwtPayload: { pad } });
      response.json({});
    }),
  );
  const guard = verifySession({ sessions, page: true, sessionRequired: false });
  shop.get("/notes", guard, (request: Request, response: Response) => {
    response.json({ user: findSession(request)?.getUserId() ?? null });
  });
  app.use(sessionRoutes({ sessions }));
  app.use(mount, shop);
  app.use(errorHandler({ sessions }));
  const { port, close } = await listen(app);
  const locations = block.replaceAll("127.0.0.1:4000", `127.0.0.1:${port}`);
  const nginx = await startNginx(port, "", locations);
  const jar = createBrowserJar(HOST);
  let antiCsrf = "";
  return {
    async ask(method, path, headers = {}) {
      const sent = { host: HOST, cookie: jar.header(path.replace(/\?.*/, "")), "anti-csrf": antiCsrf, ...headers };
      const answer = await send(nginx.port, { method, path, headers: { origin: `https://${HOST}`, ...sent } });
      jar.take(answer);
      antiCsrf = answer.header("anti-csrf") ?? antiCsrf;
      return answer;
    },
    expire: () => void (now += 15 * 60_000),
    async [Symbol.asyncDispose]() {
      await nginx.remove();
      await close();
      await sessions.close();
    },
  };
}

async function useSession({ ask, expire }: Visit): Promise<void> {
  expect((await ask("POST", "/shop/login")).status).toBe(200);
  expire();
  expect((await ask("POST", "/shop/session/refresh")).status).toBe(200);
  expect((await ask("GET", "/shop/session/sessions")).json()).toMatchObject({ sessions: [{ current: true }] });
}

describeWithServer("nginx", "the nginx blocks of the guide", () => {
  test.each([
    ["strip", "/"],
    ["keep", "/shop"],
  ])("%s: scripts, pages and sign-out", async (name, mount) => {
    await using visit = await startBehind(blocks.get(name) ?? "", mount, "/shop");
    await useSession(visit);
    visit.expire();
    const trail: string[] = [];
    let answer = await visit.ask("GET", "/shop/notes", PAGE);
    for (let to = answer.header("location"); to !== undefined; to = answer.header("location")) {
      const { pathname, search } = new URL(to, `https://${HOST}`);
      trail.push(pathname);
      answer = await visit.ask("GET", pathname + search, PAGE);
    }
    expect(trail).toEqual(["/shop/session/refresh", "/shop/notes", "/shop/notes"]);
    expect(answer.json()).toEqual({ user: "alice" });
    expect((await visit.ask("POST", "/shop/session/signout")).status).toBe(200);
    expect((await visit.ask("POST", "/shop/session/refresh")).status).toBe(401);
  });

  test("rewrite: scripts and sign-out, without the option", async () => {
    await using visit = await startBehind(blocks.get("rewrite") ?? "", "/", undefined);
    await useSession(visit);
    expect((await visit.ask("POST", "/shop/session/signout")).status).toBe(200);
    expect((await visit.ask("POST", "/shop/session/refresh")).status).toBe(401);
  });

  test("buffers: claims that are too large for the defaults", async () => {
    const large = blocks.get("buffers") ?? "";
    for (const [block, status] of [
      [large, 200],
      [large.replaceAll(/ *proxy_buffer.*\n/g, ""), 502],
    ] as const) {
      await using visit = await startBehind(block, "/shop", "/shop");
      expect((await visit.ask("POST", "/shop/login?pad=2500")).status).toBe(status);
    }
  });
});
