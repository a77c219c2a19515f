/**
 * The mistakes that newcomers make, in a small real app with its page's requests, and what the
 * process
 * shows of each: the fault, and the line to write.
 */
import { readFile } from "node:fs/promises";
import { createServer, request as ask, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { type CounterfoilConfig, createSessions, type Sessions } from "counterfoil";
import { createNewSession, errorHandler, sessionRoutes, verifySession, findSession } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express5, { type Express, type NextFunction, type Request, type Response as Sending } from "express";
import { afterEach, expect, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { type RawResponse, send, sessionCookiesOf, type SetCookie } from "./send.ts";

const warnings = collectWarnings();
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Shop {
  readonly port: number;
  readonly sessions: Sessions;
}

/** The app of the guide, with a place for what somebody does wrong. */
async function openShop(
  config: Omit<CounterfoilConfig, "store">,
  mount: (app: Express, own: { readonly sessions: Sessions }) => void = mountRight,
): Promise<Shop> {
  const sessions = createSessions({ store: memory(), ...config });
  const app = express5();
  mount(app, { sessions });
  const { port, close } = await listen(app);
  closing.push(close, () => sessions.close());
  return { port, sessions };
}

function mountRight(app: Express, own: { readonly sessions: Sessions }): void {
  app.use(sessionRoutes(own));
  mountRoutes(app, own);
  app.use(errorHandler(own));
}

function mountRoutes(app: Express, own: { readonly sessions: Sessions }): void {
  app.post("/login", express5.json(), async (request: Request, response) => {
    await createNewSession(request, response, "alice", own);
    response.json({ ok: true });
  });
  app.get("/api/me", verifySession(own), (request: Request, response) => {
    response.json({ user: findSession(request)?.getUserId() });
  });
}

const AGENT = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };

/** A request of a page, with the cookies that its browser kept. */
const call = (port: number, method: string, path: string, headers: Record<string, string> = {}): Promise<RawResponse> =>
  send(port, { method, path, headers: { ...AGENT, ...headers } });

/** What a browser sends back to a path, by the `Path` of each cookie. */
function cookiesFor(path: string, answer: RawResponse): string {
  const { access, refresh, marker } = sessionCookiesOf(answer);
  const isSent = ({ attributes }: SetCookie): boolean => path.startsWith(/Path=([^;]*)/.exec(attributes)?.[1] ?? "/");
  const kept = [access, refresh, marker].filter((cookie) => cookie !== undefined && isSent(cookie)) as SetCookie[];
  return kept.map(({ name, value }) => `${name}=${value}`).join("; ");
}

/** A proxy in front of a port that changes what it passes on. */
async function openProxy(
  port: number,
  change: (sent: { path: string; headers: IncomingHttpHeaders }) => void,
): Promise<number> {
  const server = createServer((incoming, outgoing) => {
    const sent = { path: incoming.url ?? "/", headers: { ...incoming.headers } };
    change(sent);
    const passed = ask({ port, host: "127.0.0.1", method: incoming.method, ...sent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closing.unshift(() => new Promise((resolve) => void server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/**
 * One warning, that leads to the fix: it says all of this, and its page has a heading for its code.
 */
async function expectTold(code: string, ...says: readonly string[]): Promise<void> {
  const told = await warnings.read();
  expect(told.map((warning) => warning.code)).toEqual([code]);
  for (const part of says) expect(told[0]?.message).toContain(part);
  expect(await readFile(new URL("../../docs/guide/troubleshooting.md", import.meta.url), "utf8")).toContain(
    `\n### ${code}\n`,
  );
}

const VITE = "http://localhost:5173";
const SHOP = "http://shop.test:4000";

test("1a: Secure cookies on a plain http host", async () => {
  const { port } = await openShop({});
  expect((await call(port, "POST", "/login", { host: "shop.test:4000", origin: SHOP })).status).toBe(200);
  await expectTold("COUNTERFOIL_SECURE_COOKIE", SHOP, "cookie.secure is true", "cookie: { secure: false }");
});

test("2d: another publicOrigin", async () => {
  const { port } = await openShop({ http: { publicOrigin: "http://localhost:4000" } });
  expect((await call(port, "POST", "/login", { host: "shop.test:4000", origin: SHOP })).status).toBe(403);
  await expectTold("COUNTERFOIL_ORIGIN", SHOP, '"http://localhost:4000"', `http: { publicOrigin: "${SHOP}" }`);
});

test.each([[[]], [["http://localhost:3000"]]])(
  "3: a page's origin is not among the trusted ones, %j",
  async (trusted) => {
    const { port } = await openShop({ http: { trustedOrigins: trusted } });
    const headers = { origin: VITE, "access-control-request-method": "POST", "sec-fetch-mode": "cors" };
    await call(port, "OPTIONS", "/login", headers);
    const line = [...trusted, VITE].map((origin) => `"${origin}"`).join(", ");
    await expectTold("COUNTERFOIL_CORS", VITE, `http: { trustedOrigins: [${line}] }`);
  },
);

test("4: a proxy takes the cookies away", async () => {
  const shop = await openShop({});
  const port = await openProxy(shop.port, ({ headers }) => void delete headers.cookie);
  const login = await call(port, "POST", "/login");
  expect((await call(port, "GET", "/api/me", { cookie: cookiesFor("/api/me", login) })).status).toBe(401);
  const cookie = cookiesFor("/session/refresh", login);
  expect((await call(port, "POST", "/session/refresh", { cookie })).status).toBe(401);
  await expectTold("COUNTERFOIL_COOKIES_LOST", "no cookie at all", "a proxy takes the headers Cookie");
});

test("5: a proxy takes the path away", async () => {
  const shop = await openShop({});
  const port = await openProxy(shop.port, (sent) => void (sent.path = sent.path.replace(/^\/shop/, "")));
  const login = await call(port, "POST", "/shop/login");
  expect((await call(port, "GET", "/shop/api/me", { cookie: cookiesFor("/shop/api/me", login) })).status).toBe(200);
  const cookie = cookiesFor("/shop/session/refresh", login);
  expect((await call(port, "POST", "/shop/session/refresh", { cookie })).status).toBe(401);
  await expectTold("COUNTERFOIL_COOKIE_PATH", '"/session/refresh"', 'http: { basePath: "/shop" }');
});

test("5: what the warning says to write is the cure", async () => {
  const shop = await openShop({ http: { basePath: "/shop" } });
  const port = await openProxy(shop.port, (sent) => void (sent.path = sent.path.replace(/^\/shop/, "")));
  const login = await call(port, "POST", "/shop/login");
  const cookie = cookiesFor("/shop/session/refresh", login);
  expect((await call(port, "POST", "/shop/session/refresh", { cookie })).status).toBe(200);
  expect(await warnings.codes()).toEqual([]);
});

test("5: the path only in renewTokenPath, so that sign-out is asked at another place", async () => {
  const { port } = await openShop({ tokens: { refreshToken: { renewTokenPath: "/keep/session/refresh" } } });
  expect((await call(port, "POST", "/keep/session/signout")).status).toBe(404);
  await expectTold("COUNTERFOIL_MOUNTED_BELOW", '"/keep/session/signout"', 'http: { basePath: "/keep" }');
});

test("5: the ready routes mounted below a path", async () => {
  const { port } = await openShop({}, (app, own) => {
    app.use("/keep", sessionRoutes(own));
    mountRoutes(app, own);
  });
  await call(port, "POST", "/login");
  expect((await call(port, "POST", "/keep/session/refresh")).status).toBe(404);
  await expectTold("COUNTERFOIL_MOUNTED_BELOW", '"/keep/session/refresh"', 'http: { basePath: "/keep" }');
});

test("6: SameSite=strict, the page on localhost and the API on 127.0.0.1", async () => {
  const { port } = await openShop({ http: { trustedOrigins: [VITE] }, cookie: { sameSite: "strict" } });
  const headers = { origin: VITE, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" };
  expect((await call(port, "POST", "/login", headers)).status).toBe(200);
  await expectTold("COUNTERFOIL_SAME_SITE", VITE, 'sameSite is "strict"', "localhost and 127.0.0.1 are two");
});

test("6: the same is told at the start where the own origin is known, and not once more", async () => {
  const http = { publicOrigin: "http://127.0.0.1:4000", trustedOrigins: [VITE] };
  const { port } = await openShop({ http, cookie: { sameSite: "strict", secure: false } });
  await expectTold("COUNTERFOIL_SAME_SITE", VITE, "localhost and 127.0.0.1 are two");
  await call(port, "POST", "/login", { origin: VITE, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" });
  expect(await warnings.codes()).toHaveLength(1);
});

test("7: an error handler of the app's before errorHandler()", async () => {
  const { port } = await openShop({}, (app, own) => {
    app.use(sessionRoutes(own));
    mountRoutes(app, own);
    app.use((_error: unknown, _request: Request, response: Sending, _next: NextFunction) => {
      response.status(500).json({ message: "internal" });
    });
  });
  expect((await call(port, "GET", "/api/me")).status).toBe(500);
  await expectTold("COUNTERFOIL_ERROR_HANDLER", "401 ACCESS_TOKEN_MISSING", "app.use(errorHandler()) after the routes");
});

test("7: errorHandler() forgotten is no mistake any more", async () => {
  const { port } = await openShop({}, (app, own) => {
    app.use(sessionRoutes(own));
    mountRoutes(app, own);
  });
  const answer = await call(port, "GET", "/api/me");
  expect([answer.status, answer.header("www-authenticate")]).toEqual([401, 'Bearer realm="session"']);
  expect(await warnings.codes()).toEqual([]);
});

test("8: sessionRoutes() behind a handler that takes /session", async () => {
  const { port } = await openShop({}, (app, own) => {
    app.use("/session", (_request, response) => void response.status(404).send("no such page"));
    mountRight(app, own);
  });
  await call(port, "POST", "/login");
  expect((await call(port, "POST", "/session/refresh")).status).toBe(404);
  await expectTold(
    "COUNTERFOIL_ROUTES_NOT_REACHED",
    '"/session/refresh"',
    "Mount them first",
    "app.use(sessionRoutes())",
  );
});

test("9a: { sessions } forgotten", async () => {
  const { port } = await openShop({}, (app, own) => {
    app.use(sessionRoutes(own));
    app.get("/api/me", verifySession(), (_request, response) => void response.send("ok"));
  });
  const answer = await call(port, "GET", "/api/me");
  expect(answer.status).toBe(500);
  // Express prints the same on the console.
  expect(answer.text).toContain("pass { sessions } to this function");
});

test("9b: two processes with a memory store each", async () => {
  const [one, other] = [await openShop({}), await openShop({})];
  const login = await call(one.port, "POST", "/login");
  const cookie = cookiesFor("/api/me", login);
  expect((await call(other.port, "GET", "/api/me", { cookie })).status).toBe(401);
  await expectTold("COUNTERFOIL_MEMORY_STORE", "another process has signed", "sqlite({ path })");
});
