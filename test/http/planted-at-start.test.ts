/**
 * The mistakes of `planted-mistakes.test.ts` that show when the app starts, and those that are none
 * of ours or do no harm: what the developer sees of each.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CounterfoilConfig, createSessions, type SessionError } from "counterfoil";
import { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } from "counterfoil/express";
import { memory, type SessionStore } from "counterfoil/memory";
import { postgres } from "counterfoil/postgres";
import { sqlite } from "counterfoil/sqlite";
import express5 from "express";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { collectWarnings } from "../fixtures/warnings.ts";
import { type RawResponse, send, sessionCookiesOf } from "./send.ts";

const warnings = collectWarnings();
afterEach(() => vi.unstubAllEnvs());

const SECRET = "the secret of the planted mistakes, long enough";
const MINUTE = 60_000;

/** What an app that starts with this config dies of. */
async function seenAtStart(config: CounterfoilConfig): Promise<SessionError> {
  try {
    const sessions = createSessions({ ...config, store: config.store ?? memory() });
    onTestFinished(() => sessions.close());
    await sessions.ready();
  } catch (error) {
    return error as SessionError;
  }
  throw new Error("it starts");
}

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-planted-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "app.db");
}

test("1b: Secure cookies on a plain http host that the config names", async () => {
  const { message } = await seenAtStart({ http: { publicOrigin: "http://shop.test:4000" } });
  expect(message).toContain("cookie.secure");
  expect(message).toContain("cookie: { secure: false }");
});

test("12: another secret after a deployment", async () => {
  const path = temporaryDatabase();
  const before = createSessions({ store: sqlite({ path }), secret: SECRET });
  await before.createNewSession("alice");
  await before.close();
  const { message } = await seenAtStart({ store: sqlite({ path }), secret: `${SECRET}, and another` });
  expect(message).toContain("add the earlier secret to the list: secret: [current, earlier]");
});

test("12b: a secret that is too short", async () => {
  const { message } = await seenAtStart({ secret: "hunter2" });
  expect(message).toContain("has 7 characters; write at least 32");
  expect(message).toContain("openssl rand -base64 32");
  expect(message).not.toContain("hunter2");
});

test("12b: no secret in production", async () => {
  vi.stubEnv("NODE_ENV", "production");
  vi.stubEnv("COUNTERFOIL_SECRET", undefined);
  const { message } = await seenAtStart({ store: postgres({ url: "postgres://app@db.example/app" }) });
  expect(message).toContain("secret: process.env.COUNTERFOIL_SECRET");
  expect(message).toContain("openssl rand -base64 32");
});

test("12c: three wrong options are all told at once, with what was meant", async () => {
  const { message } = await seenAtStart({
    http: { publicOrigins: "https://shop.example" },
    tokens: { accessToken: { validity: "15 minutes" } },
    cookie: { sameSite: "Strict" },
  } as unknown as CounterfoilConfig);
  for (const part of ["http.publicOrigins", "publicOrigin", "tokens.accessToken.validity", '"15m"', "cookie.sameSite"])
    expect(message).toContain(part);
});

interface Shop {
  readonly port: number;
}

async function openShop(store: SessionStore, config: Omit<CounterfoilConfig, "store">): Promise<Shop> {
  const own = { sessions: createSessions({ store, secret: SECRET, ...config }) };
  const app = express5();
  app.use(sessionRoutes(own));
  app.post("/login", async (request, response) => {
    await createNewSession(request, response, "alice", own);
    response.json({ ok: true });
  });
  app.post("/echo", express5.json(), (request, response) => void response.json(request.body));
  app.get("/api/me", verifySession(own), (request, response) => {
    response.json({ user: sessionOf(request).getUserId() });
  });
  app.use(errorHandler(own));
  const { port, close } = await listen(app);
  onTestFinished(async () => {
    await close();
    await own.sessions.close();
  });
  return { port };
}

const call = ({ port }: Shop, method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  send(port, { method, path, headers, ...(body === undefined ? {} : { body }) });

/** What a browser sends to the refresh route. It is more than other paths get. */
const cookiesOf = (answer: RawResponse): Record<string, string> => {
  const { access, refresh, marker } = sessionCookiesOf(answer);
  const kept = [access, refresh, marker].flatMap((cookie) => (cookie === undefined ? [] : [cookie]));
  return { cookie: kept.map(({ name, value }) => `${name}=${value}`).join("; ") };
};

test("2a: another port in publicOrigin does no harm where the browser says that a request is of its page", async () => {
  const shop = await openShop(memory(), { http: { publicOrigin: "http://localhost:9999" } });
  const headers = { host: "localhost:4000", origin: "http://localhost:4000", "sec-fetch-site": "same-origin" };
  expect((await call(shop, "POST", "/login", headers)).status).toBe(200);
  expect(await warnings.codes()).toEqual([]);
});

test.each([10, -10])("10: a second server whose clock is %i minutes off does no harm", async (minutes) => {
  const path = temporaryDatabase();
  const right = await openShop(sqlite({ path }), {});
  const wrong = await openShop(sqlite({ path }), { clock: () => Date.now() + minutes * MINUTE });
  const login = await call(right, "POST", "/login");
  expect((await call(wrong, "GET", "/api/me", cookiesOf(login))).status).toBe(200);
  const refresh = await call(wrong, "POST", "/session/refresh", cookiesOf(login));
  expect(refresh.status).toBe(200);
  expect((await call(right, "GET", "/api/me", cookiesOf(refresh))).status).toBe(200);
});

test("11: malformed JSON is answered by Express, with or without the library", async () => {
  const shop = await openShop(memory(), {});
  const answer = await call(shop, "POST", "/echo", { "content-type": "application/json" }, "{");
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("SyntaxError");
  expect(await warnings.codes()).toEqual([]);
});
