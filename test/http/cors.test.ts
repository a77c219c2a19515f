import { createRequire } from "node:module";
import { createSessions } from "counterfoil";
import { sessionRoutes } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import { HEADERS, REQUEST_HEADERS, RESPONSE_HEADERS } from "counterfoil/protocol";
import type { RequestHandler } from "express";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { apiCookies, callApi, FRAMEWORKS, refreshCookies, signIn, startApp, type TestApp } from "./fixtures.ts";
import { type RawResponse, send } from "./send.ts";

const TRUSTED = "https://app.example";
const SECOND_TRUSTED = "http://localhost:5173";
const CONFIG = { http: { trustedOrigins: [TRUSTED, SECOND_TRUSTED] } } as const;

const ALLOWED_HEADERS = [
  "anti-csrf",
  "rid",
  "fdi-version",
  "supertokens-sdk-name",
  "supertokens-sdk-version",
  "st-auth-mode",
  "st-access-token",
  "st-refresh-token",
  "authorization",
  "content-type",
  "counterfoil-label",
];
const EXPOSED_HEADERS = [
  "anti-csrf",
  "id-refresh-token",
  "front-token",
  "st-access-token",
  "st-refresh-token",
  "retry-after",
  "www-authenticate",
  "counterfoil-session",
  "counterfoil-user",
  "counterfoil-reason",
];

/** Headers of HTTP, and those that only SuperTokens clients send. */
const OTHER_HEADERS = [
  "fdi-version",
  "supertokens-sdk-name",
  "supertokens-sdk-version",
  "authorization",
  "content-type",
  "retry-after",
  "www-authenticate",
];

// Each name is written twice, because lists that read them from HEADERS would stay in each bundle.
test("the lists of the protocol name each of its headers, and no other of ours", () => {
  const listed = new Set([...REQUEST_HEADERS, ...RESPONSE_HEADERS]);
  expect(listed).toEqual(new Set([...Object.values(HEADERS), ...OTHER_HEADERS]));
});

const preflight = (app: TestApp, path: string, origin: string | undefined, more = {}): Promise<RawResponse> =>
  app.send({ method: "OPTIONS", path, headers: { origin, "access-control-request-method": "POST", ...more } });

/** Every CORS header of an answer, and `Vary` but for what protected routes add. */
const corsOf = (answer: RawResponse): Record<string, string> => {
  const found = answer.headers.filter(([name]) => name.startsWith("access-control-") || name === "vary");
  return Object.fromEntries(
    found.map(([name, value]) => [name, value.replace(/Cookie, Authorization, |, Cookie, Authorization$/, "")]),
  );
};

const list = (header: string | undefined): string[] => (header ?? "").split(", ");

const UNTRUSTED = [
  { name: "a foreign origin", origin: "https://evil.example" },
  { name: "no origin", origin: undefined },
  { name: "null", origin: "null" },
  { name: "another port", origin: "https://app.example:8443" },
  { name: "another scheme", origin: "http://app.example" },
  { name: "a sub-domain", origin: "https://x.app.example" },
  { name: "an origin that ends like a listed one", origin: "https://evilapp.example" },
  { name: "an origin that begins like a listed one", origin: "https://app.example.evil.example" },
  { name: "other letters", origin: "https://APP.example" },
  { name: "a list", origin: `${TRUSTED}, https://evil.example` },
] as const;

describe.each(FRAMEWORKS)("CORS in $name", ({ express }) => {
  describe.each([TRUSTED, SECOND_TRUSTED])("for the listed origin %s", (origin) => {
    test.each(["/session/refresh", "/session/signout", "/session/sessions", "/login", "/api", "/not/there"])(
      "the preflight of %s is answered, with every name spelt out",
      async (path) => {
        await using app = await startApp({ express, config: CONFIG });
        const answer = await preflight(app, path, origin);
        expect([answer.status, answer.text, answer.cookies]).toEqual([204, "", []]);
        expect(corsOf(answer)).toEqual({
          vary: "Origin",
          "access-control-allow-origin": origin,
          "access-control-allow-credentials": "true",
          "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
          "access-control-allow-headers": ALLOWED_HEADERS.join(", "),
          "access-control-expose-headers": EXPOSED_HEADERS.join(", "),
          "access-control-max-age": "600",
        });
      },
    );

    test("answers can be read, refusals too, with the headers that clients need", async () => {
      await using app = await startApp({ express, config: CONFIG });
      const login = await app.send({ method: "POST", path: "/login", headers: { origin } });
      const refused = await app.send({ path: "/api", headers: { origin } });
      expect([login.status, refused.status]).toEqual([200, 401]);
      for (const answer of [login, refused]) {
        expect(corsOf(answer)).toEqual({
          vary: "Origin",
          "access-control-allow-origin": origin,
          "access-control-allow-credentials": "true",
          "access-control-expose-headers": EXPOSED_HEADERS.join(", "),
        });
      }
      expect(EXPOSED_HEADERS).toContain("anti-csrf");
      expect(login.header("anti-csrf")).toBeDefined();
    });

    test("a page of it goes the whole way: sign in, call, refresh, sign out", async () => {
      await using app = await startApp({ express, config: CONFIG });
      const headers = { origin, "sec-fetch-site": "same-site" };
      const own = await signIn(app, "user=alice", headers);
      const cookie = refreshCookies(own);
      const statuses: number[] = [];
      for (const path of ["/api", "/session/refresh", "/session/signout"]) {
        const sent = { method: "POST", path, headers: { ...headers, cookie, "anti-csrf": own.antiCsrf } };
        statuses.push((await app.send(sent)).status);
      }
      expect(statuses).toEqual([200, 200, 200]);
    });
  });

  describe.each(UNTRUSTED)("for $name", ({ origin }) => {
    test("neither a preflight nor an answer says anything but Vary", async () => {
      await using app = await startApp({ express, config: CONFIG });
      const own = await signIn(app);
      const answers = [
        await preflight(app, "/session/refresh", origin),
        await preflight(app, "/api", origin),
        await app.send({ path: "/api", headers: { origin, cookie: apiCookies(own) } }),
        await app.send({ method: "POST", path: "/login", headers: { origin } }),
      ];
      for (const answer of answers) expect(corsOf(answer)).toEqual({ vary: "Origin" });
    });
  });

  test("with no trusted origin nothing is touched, so that the app's own CORS set-up stays in charge", async () => {
    await using app = await startApp({
      express,
      before: (own) =>
        own.use((request, response, next) => {
          response.setHeader("Vary", "Accept-Encoding");
          response.setHeader("Access-Control-Allow-Origin", "https://own.example");
          if (request.method === "OPTIONS") response.sendStatus(200);
          else next();
        }),
    });
    const own = await signIn(app);
    for (const answer of [await preflight(app, "/session/refresh", TRUSTED), await callApi(app, own)]) {
      expect(answer.status).toBe(200);
      expect(corsOf(answer)).toEqual({
        vary: "Accept-Encoding",
        "access-control-allow-origin": "https://own.example",
      });
    }
  });

  test("Vary keeps what the app has put there", async () => {
    await using app = await startApp({
      express,
      config: CONFIG,
      before: (own) =>
        own.use((_request, response, next) => {
          response.setHeader("Vary", "Accept-Encoding");
          next();
        }),
    });
    const answer = await app.send({ path: "/api", headers: { origin: TRUSTED } });
    expect(answer.all("vary").join(", ")).toBe("Accept-Encoding, Cookie, Authorization, Origin");
  });

  test("headers that the page asks for are allowed by name, and nothing that is no name comes back", async () => {
    await using app = await startApp({ express, config: CONFIG });
    const asked = "X-Trace-Id, anti-csrf, *, bad name, x\u00e4, X_ok, <script>";
    const answer = await preflight(app, "/api", TRUSTED, { "access-control-request-headers": asked });
    const names = list(answer.header("access-control-allow-headers"));
    expect(names).toEqual([...ALLOWED_HEADERS, "x-trace-id", "*", "x_ok"]);
  });

  test("a preflight that asks for ten thousand names is answered in bounded size", async () => {
    await using app = await startApp({ express, config: CONFIG });
    const asked = Array.from({ length: 10_000 }, (_, index) => `x-${index}`).join(",");
    const answer = await preflight(app, "/api", TRUSTED, { "access-control-request-headers": asked });
    expect(answer.status).toBe(204);
    expect(list(answer.header("access-control-allow-headers"))).toHaveLength(ALLOWED_HEADERS.length + 50);
  });

  test("an OPTIONS request that is no preflight goes on to the app", async () => {
    await using app = await startApp({ express, config: CONFIG });
    const own = await signIn(app);
    const headers = { origin: TRUSTED, cookie: apiCookies(own) };
    const answer = await app.send({ method: "OPTIONS", path: "/api", headers });
    expect([answer.status, answer.json()]).toEqual([200, { user: "alice", claims: { role: "member" } }]);
  });
});

describe.each(FRAMEWORKS)("the package cors and this library, in $name", ({ express }) => {
  const cors = createRequire(import.meta.url)("cors") as (options: object) => RequestHandler;
  const own = cors({
    origin: TRUSTED,
    credentials: true,
    exposedHeaders: ["x-total", "Anti-CSRF"],
    allowedHeaders: ["x-own"],
    methods: ["PURGE"],
    preflightContinue: true,
  });

  test.each(["first", "last"] as const)("%s: nobody takes a header from the other", async (place) => {
    const sessions = createSessions({ store: memory(), ...CONFIG });
    const app = express();
    const all = [own, sessionRoutes({ sessions })];
    app.use(...(place === "first" ? all : all.toReversed()));
    app.get("/", (_request, response) => void response.json({}));
    const server = await listen(app);
    onTestFinished(async () => {
      await server.close();
      await sessions.close();
    });
    const answer = await send(server.port, { path: "/", headers: { origin: TRUSTED } });
    const exposed = list(answer.header("access-control-expose-headers")).map((name) => name.toLowerCase());
    expect(exposed.toSorted()).toEqual([...EXPOSED_HEADERS, "x-total"].toSorted());
    expect(list(answer.header("vary"))).toEqual(["Origin"]);
    if (place === "last") return;
    const headers = { origin: TRUSTED, "access-control-request-method": "PURGE" };
    const asked = await send(server.port, { method: "OPTIONS", path: "/", headers });
    expect(asked.status).toBe(204);
    expect(list(asked.header("access-control-allow-methods"))).toEqual(expect.arrayContaining(["PURGE", "POST"]));
    expect(list(asked.header("access-control-allow-headers"))).toEqual(expect.arrayContaining(["x-own", "anti-csrf"]));
  });
});
