import type { CounterfoilConfig } from "counterfoil";
import type { Application } from "express";
import type { Sessions } from "counterfoil";
import { createNewSession, verifySession, findSession } from "counterfoil/express";
import { describe, expect, test } from "vitest";
import { DAY, FRAMEWORKS, lifetime, MINUTE, OVER, route, SECOND, START, startApp, type TestApp } from "./fixtures.ts";
import { type RawResponse, cookieHeader, parseSetCookie } from "./send.ts";

interface Row {
  readonly name: string;
  readonly config: Omit<CounterfoilConfig, "store" | "clock">;
  /** Which cookies are `__Host-`. Default: access cookie and marker. */
  readonly hosts?: "none" | "all";
  readonly path?: string;
  /** Attributes behind `Max-Age=n; Expires=date; ` of each cookie, byte for byte. */
  readonly access: string;
  readonly refresh: string;
  readonly marker: string;
}

const ROWS: readonly Row[] = [
  {
    name: "the default",
    config: {},
    access: "Path=/; HttpOnly; Secure; SameSite=Lax",
    refresh: "Path=/session/refresh; HttpOnly; Secure; SameSite=Lax",
    marker: "Path=/; Secure; SameSite=Lax",
  },
  {
    name: "domain",
    hosts: "none",
    config: { cookie: { domain: "example.com" } },
    access: "Path=/; Domain=example.com; HttpOnly; Secure; SameSite=Lax",
    refresh: "Path=/session/refresh; Domain=example.com; HttpOnly; Secure; SameSite=Lax",
    marker: "Path=/; Domain=example.com; Secure; SameSite=Lax",
  },
  {
    name: "sameSite strict",
    config: { cookie: { sameSite: "strict" } },
    access: "Path=/; HttpOnly; Secure; SameSite=Strict",
    refresh: "Path=/session/refresh; HttpOnly; Secure; SameSite=Strict",
    marker: "Path=/; Secure; SameSite=Strict",
  },
  {
    name: "sameSite none",
    config: { cookie: { sameSite: "none" } },
    access: "Path=/; HttpOnly; Secure; SameSite=None",
    refresh: "Path=/session/refresh; HttpOnly; Secure; SameSite=None",
    marker: "Path=/; Secure; SameSite=None",
  },
  {
    name: "secure false",
    hosts: "none",
    config: { cookie: { secure: false } },
    access: "Path=/; HttpOnly; SameSite=Lax",
    refresh: "Path=/session/refresh; HttpOnly; SameSite=Lax",
    marker: "Path=/; SameSite=Lax",
  },
  {
    name: "hostPrefix false",
    config: { cookie: { hostPrefix: false } },
    hosts: "none",
    access: "Path=/; HttpOnly; Secure; SameSite=Lax",
    refresh: "Path=/session/refresh; HttpOnly; Secure; SameSite=Lax",
    marker: "Path=/; Secure; SameSite=Lax",
  },
  {
    name: "an http origin",
    config: { http: { publicOrigin: "http://localhost:3000" } },
    hosts: "none",
    access: "Path=/; HttpOnly; Secure; SameSite=Lax",
    refresh: "Path=/session/refresh; HttpOnly; Secure; SameSite=Lax",
    marker: "Path=/; Secure; SameSite=Lax",
  },
  {
    name: "hostPrefix true",
    config: { cookie: { hostPrefix: true } },
    hosts: "all",
    access: "Path=/; HttpOnly; Secure; SameSite=Lax",
    refresh: "Path=/; HttpOnly; Secure; SameSite=Lax",
    marker: "Path=/; Secure; SameSite=Lax",
  },
  {
    name: "renewTokenPath",
    config: { tokens: { refreshToken: { renewTokenPath: "/auth/renew" } } },
    path: "/auth/renew",
    access: "Path=/; HttpOnly; Secure; SameSite=Lax",
    refresh: "Path=/auth/renew; HttpOnly; Secure; SameSite=Lax",
    marker: "Path=/; Secure; SameSite=Lax",
  },
];

const NO_EXTRA = { hosts: "root", path: "/session/refresh" };

/** A browser's cookies, filled from `Set-Cookie` lines. */
function createJar(): { take(answer: RawResponse): void; header(): string; value(name: string): string } {
  const jar = new Map<string, string>();
  return {
    take(answer) {
      for (const { name, value } of answer.cookies.map(parseSetCookie)) jar.set(name, value);
    },
    header: () => cookieHeader([...jar]),
    value: (name) => jar.get(name) ?? "",
  };
}

/**
 * The lines of an answer with the token's value replaced, so that all other bytes can be compared.
 */
const shapes = (answer: RawResponse): string[] =>
  answer.cookies.map((line) => {
    const { name, value, attributes } = parseSetCookie(line);
    return `${name}=${value === "" ? "" : "<value>"}; ${attributes}`;
  });

function extend(app: Application, sessions: Sessions): void {
  app.post(
    "/promote",
    verifySession({ sessions, antiCsrfCheck: false }),
    route(async (request, response) => {
      await findSession(request)?.updateJwtPayload({ role: "admin" });
      response.json({ ok: true });
    }),
  );
}

describe.each(FRAMEWORKS)("cookies in $name", ({ express }) => {
  test.each(ROWS)("$name: the lines of create, refresh, new claims and sign-out, byte for byte", async (row) => {
    const { hosts, path } = { ...NO_EXTRA, ...row };
    await using app = await startApp({ express, config: row.config, extend });
    const access = hosts === "none" ? "sAccessToken" : "__Host-sAccessToken";
    const refresh = hosts === "all" ? "__Host-sRefreshToken" : "sRefreshToken";
    const marker = hosts === "none" ? "sIdRefreshToken" : "__Host-sIdRefreshToken";
    expect(app.sessions.cookieNames).toEqual({ access, refresh, marker });
    const jar = createJar();
    const post = async (to: string): Promise<RawResponse> => {
      const answer = await app.send({ method: "POST", path: to, headers: { cookie: jar.header() } });
      expect([answer.status, answer.all("cache-control")]).toEqual([200, ["no-store"]]);
      jar.take(answer);
      return answer;
    };
    const all = (): readonly [string, string, string] => [
      `${access}=<value>; ${lifetime(app, 8_640_000)}; ${row.access}`,
      `${refresh}=<value>; ${lifetime(app, 8_640_000)}; ${row.refresh}`,
      `${marker}=<value>; ${lifetime(app, 8_640_000)}; ${row.marker}`,
    ];

    expect(shapes(await post("/login"))).toEqual(all());
    const first = jar.value(refresh);
    expect(shapes(await post(path)), "mint").toEqual(all());
    expect(jar.value(refresh)).not.toBe(first);
    expect(shapes(await post(path)), "renew: no refresh cookie").toEqual(all().toSpliced(1, 1));
    app.clock.now += 30 * SECOND;
    expect(shapes(await post(path)), "confirm").toEqual(all());
    app.clock.now += 1500;
    expect(shapes(await post("/promote")), "a new access token only").toEqual([
      `${access}=<value>; ${lifetime(app, 8_639_999)}; ${row.access}`,
    ]);
    expect((await post("/session/signout")).cookies).toEqual([
      `${refresh}=; ${OVER}; ${row.refresh}`,
      `${marker}=; ${OVER}; ${row.marker}`,
      `${access}=; ${OVER}; ${row.access}`,
    ]);
  });

  test("the values: a JWT, an opaque token, and a marker that names session, generation and times", async () => {
    await using app = await startApp({ express });
    const jar = createJar();
    jar.take(await app.send({ method: "POST", path: "/login" }));
    const [handle = ""] = await app.sessions.getAllSessionHandlesForUser("alice");
    expect(jar.value(app.sessions.cookieNames.access)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(jar.value(app.sessions.cookieNames.refresh)).toMatch(/^cfr1\.[\w-]{148}$/);
    expect(jar.value(app.sessions.cookieNames.marker)).toBe(`1.${handle}.1.${START}.${START + 15 * MINUTE}`);

    app.clock.now += MINUTE;
    const headers = { cookie: jar.header() };
    jar.take(await app.send({ method: "POST", path: "/session/refresh", headers }));
    expect(jar.value(app.sessions.cookieNames.marker)).toBe(`1.${handle}.2.${START + MINUTE}.${START + 16 * MINUTE}`);
  });

  test("no cookie outlives the session: Max-Age ends at the absolute timeout", async () => {
    await using app = await startApp({ express, config: { session: { absoluteTimeout: "2d" } } });
    const jar = createJar();
    const maxAges = (answer: RawResponse): string[] =>
      answer.cookies.map((line) => /Max-Age=(\d+)/.exec(line)?.[1] ?? "");
    const created = await app.send({ method: "POST", path: "/login" });
    jar.take(created);
    expect(maxAges(created)).toEqual(["172800", "172800", "172800"]);
    app.clock.now += DAY;
    const refreshed = await app.send({ method: "POST", path: "/session/refresh", headers: { cookie: jar.header() } });
    expect(maxAges(refreshed)).toEqual(["86400", "86400", "86400"]);
  });

  test("the anti-CSRF token comes with create and each refresh, is the same for the session's life, and never with tokens off", async () => {
    const antiCsrfOf = async (app: TestApp): Promise<(string | undefined)[]> => {
      const jar = createJar();
      const tokens: (string | undefined)[] = [];
      for (const path of ["/login", "/session/refresh", "/session/refresh", "/session/signout"]) {
        const answer = await app.send({ method: "POST", path, headers: { cookie: jar.header() } });
        jar.take(answer);
        tokens.push(answer.header("anti-csrf"));
      }
      return tokens;
    };
    await using on = await startApp({ express });
    const [token] = await antiCsrfOf(on);
    expect(token).toMatch(/^[\w-]{43}$/);
    const second = await antiCsrfOf(on);
    expect(second).toEqual([second[0], second[0], second[0], undefined]);
    expect(second[0]).not.toBe(token);

    await using off = await startApp({ express, config: { tokens: { enableAntiCsrf: false } } });
    expect(await antiCsrfOf(off)).toEqual([undefined, undefined, undefined, undefined]);
  });

  test("the app's own Set-Cookie stays, set before or after ours", async () => {
    await using app = await startApp({
      express,
      extend(own, sessions) {
        own.post(
          "/own",
          route(async (request, response) => {
            response.setHeader("Set-Cookie", "before=1");
            await createNewSession(request, response, "alice", { sessions });
            response.cookie("after", "2");
            response.json({ ok: true });
          }),
        );
      },
    });
    const { cookies } = await app.send({ method: "POST", path: "/own" });
    expect(cookies.map((line) => parseSetCookie(line).name)).toEqual([
      "before",
      ...Object.values(app.sessions.cookieNames),
      "after",
    ]);
  });

  test.each([{ hostPrefix: false }, { hostPrefix: "auto" }, { hostPrefix: true }] as const)(
    "name and value of a cookie are 4096 bytes at most (hostPrefix $hostPrefix); a larger one is not made",
    async ({ hostPrefix }) => {
      const config = { cookie: { hostPrefix }, session: { maxPerUser: false } } as const;
      await using app = await startApp({ express, config });
      const sizes: number[] = [];
      let refused = 0;
      for (let length = 2700; length <= 2900; length += 1) {
        const answer = await app.send({ method: "POST", path: `/login?role=${"r".repeat(length)}` });
        if (answer.status === 200) {
          sizes.push(...answer.cookies.map(parseSetCookie).map(({ name, value }) => name.length + value.length));
        } else {
          expect([answer.status, answer.json(), answer.cookies]).toEqual([500, { app: "TOKEN_TOO_LARGE" }, []]);
          refused += 1;
        }
      }
      const largest = Math.max(...sizes);
      expect(largest).toBeLessThanOrEqual(4096);
      // A byte of the claim is 4/3 of a character of the token, so the largest comes within two
      // bytes of the limit.
      expect(largest).toBeGreaterThan(4094);
      expect(refused).toBeGreaterThan(0);
      expect(await app.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(201 - refused);
    },
  );
});
