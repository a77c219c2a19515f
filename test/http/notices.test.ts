/** What the process is told of a set-up that cannot work, and what it is not told. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CounterfoilConfig, createSessions, type SessionEvents } from "counterfoil";
import { memory } from "counterfoil/memory";
import { describe, expect, test } from "vitest";
import { collectWarnings } from "../fixtures/warnings.ts";
import { sqlite } from "counterfoil/sqlite";
import { apiCookies, FRAMEWORKS, MINUTE, refreshCookies, signIn, startApp, type TestApp } from "./fixtures.ts";

const warnings = collectWarnings();

const refusedOf = (app: TestApp): SessionEvents["request-refused"][] => {
  const events: SessionEvents["request-refused"][] = [];
  app.sessions.on("request-refused", (event) => void events.push(event));
  return events;
};

const [{ express }] = FRAMEWORKS;

describe("an origin that is not known", () => {
  const config = { http: { publicOrigin: "https://shop.example", trustedOrigins: ["https://app.shop.example"] } };

  test("is told of with what was seen, what is configured, and the line to write", async () => {
    const app = await startApp({ express, config });
    const events = refusedOf(app);
    for (let count = 0; count < 3; count += 1)
      await app.send({ method: "POST", path: "/login", headers: { origin: "https://new.example:4000" } });
    const [warning, ...others] = await warnings.read();
    expect(others).toEqual([]);
    expect(warning?.message).toBe(
      'A request from the Origin "https://new.example:4000" was refused as one of another site (403 csrf). ' +
        'http.publicOrigin is "https://shop.example"; http.trustedOrigins is ["https://app.shop.example"]. ' +
        'If the page is yours: where this is the address of this very app, write http: { publicOrigin: "https://new.example:4000" }; ' +
        'where it is another one, write http: { trustedOrigins: ["https://app.shop.example", "https://new.example:4000"] }. ' +
        "See docs/guide/troubleshooting.md#counterfoil_origin",
    );
    expect(events).toEqual([{ code: "CSRF_REFUSED", notice: "COUNTERFOIL_ORIGIN", count: 1, since: app.clock.now }]);
    await app[Symbol.asyncDispose]();
  });
});

describe("what a request brings", () => {
  const CONTROL = "https://\u009b31m\u00e9.example";

  test("is quoted in printable ASCII and cut off, in each kind of warning", async () => {
    const app = await startApp({ express });
    const long = `https://${"a".repeat(5000)}.example`;
    for (const origin of [CONTROL, long, 'https://a"b'])
      await app.send({ method: "POST", path: "/login", headers: { origin, host: `x"${"b".repeat(500)}` } });
    const told = await warnings.read();
    expect(told).toHaveLength(3);
    for (const { message } of told) {
      expect(message).toMatch(/^[ -~]*$/);
      expect(message.length).toBeLessThan(900);
    }
    expect(told[0]?.message).toContain('"https://\\u009b31m\\u00e9.example"');
    expect(told[2]?.message).toContain('"https://a\\"b"');
    await app[Symbol.asyncDispose]();
  });

  test("holds no token and no cookie in any warning", async () => {
    const app = await startApp({ express });
    const own = await signIn(app);
    const cookies = refreshCookies(own);
    for (const path of ["/api", "/session/refresh", "/login", "/session/signout"])
      for (const headers of [
        { cookie: apiCookies(own), "anti-csrf": own.antiCsrf, origin: "https://evil.example" },
        { cookie: cookies, origin: "https://other.example" },
        { cookie: apiCookies(own) },
        { "anti-csrf": own.antiCsrf },
      ])
        await app.send({ method: "POST", path, headers });
    const told = await warnings.read();
    expect(told.length).toBeGreaterThan(2);
    for (const { message } of told)
      for (const secret of [own.access, own.refresh, own.marker, own.antiCsrf]) expect(message).not.toContain(secret);
    await app[Symbol.asyncDispose]();
  });
});

describe("a token that names an unknown key, where the store is a database", () => {
  test("is told of as two databases", async () => {
    const folder = await mkdtemp(join(tmpdir(), "counterfoil-"));
    const config = { secret: "a secret of at least 32 characters" };
    const app = await startApp({ express, config, inner: sqlite({ path: join(folder, "sessions.db") }) });
    const other = await startApp({ express });
    const own = await signIn(other);
    for (const path of ["/api", "/api"]) await app.send({ path, headers: { cookie: apiCookies(own) } });
    expect(await warnings.codes()).toEqual(["COUNTERFOIL_UNKNOWN_KEY"]);
    await app[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test("garbage, and the cookie of a stranger's app, are not", async () => {
    const app = await startApp({ express });
    for (const value of ["garbage", "a.b.c", `${btoa(JSON.stringify({ alg: "HS256", typ: "JWT" }))}.e30.x`])
      await app.send({ path: "/api", headers: { cookie: `__Host-sAccessToken=${value}` } });
    expect(await warnings.codes()).toEqual([]);
    await app[Symbol.asyncDispose]();
  });
});

test("a flood of hostile requests costs five warnings and one event a minute for each kind", async () => {
  const app = await startApp({ express });
  const events = refusedOf(app);
  for (let index = 0; index < 200; index += 1)
    await app.send({ method: "POST", path: "/login", headers: { origin: `https://${index}.example` } });
  app.clock.now += MINUTE;
  await app.send({ method: "POST", path: "/login", headers: { origin: "https://last.example" } });
  expect(await warnings.codes()).toEqual(Array.from({ length: 5 }, () => "COUNTERFOIL_ORIGIN"));
  expect(events.map(({ count }) => count)).toEqual([1, 200]);
  await app[Symbol.asyncDispose]();
});

describe("a trusted origin of another site", () => {
  const create = async (http: CounterfoilConfig["http"], cookie: CounterfoilConfig["cookie"] = {}): Promise<void> =>
    createSessions({ store: memory(), http, cookie }).close();

  test("is told of at the start, since the cookies do not get there", async () => {
    await create({ publicOrigin: "http://127.0.0.1:4000", trustedOrigins: ["http://localhost:5173"] });
    const [warning, ...others] = await warnings.read();
    expect(others).toEqual([]);
    expect(warning?.code).toBe("COUNTERFOIL_SAME_SITE");
    expect(warning?.message).toContain(
      '"http://localhost:5173", of another site than http.publicOrigin "http://127.0.0.1:4000"',
    );
    expect(warning?.message).toContain('cookie: { sameSite: "none" }');
  });

  test.each([
    ["one site", "https://api.shop.example", "https://app.shop.example", {}],
    ["another port", "http://localhost:4000", "http://localhost:5173", {}],
    ["sameSite none", "https://api.example", "https://app.test", { sameSite: "none" }],
  ] as const)("is not with %s", async (_name, publicOrigin, trusted, cookie) => {
    await create({ publicOrigin, trustedOrigins: [trusted] }, cookie);
    expect(await warnings.codes()).toEqual([]);
  });

  test("nor with tokens in headers, nor where the own origin is not known", async () => {
    await create({ publicOrigin: "https://api.example", trustedOrigins: ["https://app.test"], transports: ["header"] });
    await create({
      publicOrigin: "https://api.example",
      trustedOrigins: ["https://app.test"],
      dialects: ["counterfoil", "supertokens"],
    });
    await create({ trustedOrigins: ["https://app.test"] });
    expect(await warnings.codes()).toEqual([]);
  });
});
