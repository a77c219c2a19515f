/**
 * Faults between browser and app, each planted in a real set-up. What the doctor says to write is
 * then written, and the finding is gone.
 */
import { sessionRoutes, verifySession } from "counterfoil/express";
import cors from "cors";
import type { Express } from "express";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServerResponse } from "node:http";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startNginx } from "../servers/nginx.ts";
import { startPathProxy } from "../servers/path-proxy.ts";
import { type AppConfig, endAll, mountRight, mountRoutes, onEnd, openProxy, openShop, type Own } from "./apps.ts";
import { examine, expectHealthy, optionsOf, type Report, theOnly } from "./examine.ts";

afterAll(endAll);

const merge = (one: AppConfig, other: AppConfig): AppConfig => ({
  ...one,
  ...other,
  http: { ...one.http, ...other.http },
  cookie: { ...one.cookie, ...other.cookie },
});

const PAGE = "http://localhost:5173";

/** Otherwise the route may have a path that the doctor does not know. */
const TOLD = ["--refresh-path", "/session/refresh"] as const;

/** Puts a value in the place of a header. */
const withHeader =
  (name: string, value: string) =>
  (headers: string[]): string[] =>
    headers.map((each, index) => (headers[index - 1]?.toLowerCase() === name && index % 2 === 1 ? value : each));

const LOCAL = { cookie: { secure: false } } as const;

describeWithServer("nginx", "what nginx does to requests and responses", () => {
  const FAULTS = [
    { check: "cookie", settings: 'proxy_set_header Cookie "";', write: "proxy_set_header Cookie $http_cookie;" },
    { check: "set-cookie", settings: "proxy_hide_header Set-Cookie;", write: "proxy_pass_header Set-Cookie;" },
    {
      check: "www-authenticate",
      settings: "proxy_hide_header WWW-Authenticate;",
      write: "proxy_pass_header WWW-Authenticate;",
    },
    { check: "cache-control", settings: "proxy_hide_header Cache-Control;", write: "proxy_pass_header Cache-Control;" },
    {
      check: "cache",
      settings: "proxy_cache zone; proxy_cache_valid any 1m; proxy_ignore_headers Cache-Control Set-Cookie Vary;",
      write: "proxy_no_cache 1; proxy_cache_bypass 1;",
    },
  ] as const;
  let origin = "";
  beforeAll(async () => {
    const locations: string[] = [];
    const add = async (path: string, settings: string, config: AppConfig): Promise<void> => {
      const port = await openShop(config);
      locations.push(
        `location ${path}/ { proxy_pass http://127.0.0.1:${port}/; proxy_set_header Host $http_host; ${settings} }`,
      );
    };
    for (const [index, { settings, write }] of FAULTS.entries()) {
      await add(`/fault${index}`, settings, merge(LOCAL, { http: { basePath: `/fault${index}` } }));
      await add(`/cured${index}`, `${settings} ${write}`, merge(LOCAL, { http: { basePath: `/cured${index}` } }));
    }
    await add("/strip", "", LOCAL);
    const nginx = await startNginx(await openShop(LOCAL), "", locations.join("\n"));
    onEnd(() => nginx.remove());
    origin = `http://127.0.0.1:${nginx.port}`;
  });

  test.each(FAULTS.map((fault, index) => ({ ...fault, index })))(
    "$check: $settings",
    async ({ check, write, index }) => {
      expect(theOnly(await examine(`${origin}/fault${index}`), check).write).toBe(write);
      expectHealthy(await examine(`${origin}/cured${index}`));
    },
  );

  test("the base path is stripped, and the app does not know it", async () => {
    const { write } = theOnly(await examine(`${origin}/strip`), "cookie-path");
    expect(write).toBe('http: { basePath: "/strip" }');
  });
});

/** Looks at an app, writes what the finding says, and looks again. */
async function expectCured(
  config: AppConfig,
  look: (port: number) => Promise<Report>,
  { check, write, mount }: { check: string; write: string; mount?: (app: Express, own: Own) => void },
): Promise<void> {
  const found = theOnly(await look(await openShop(config, mount)), check);
  expect(found.write).toBe(write);
  expectHealthy(await look(await openShop(merge(config, optionsOf(write)), mount)));
}

const at = (port: number, path = ""): string => `http://localhost:${port}${path}`;

test.each([true, false])("a base path that the app does not know, stripped: %s", async (strips) => {
  const look = async (port: number): Promise<Report> => {
    const proxy = await startPathProxy({ "/shop": { port, strips } });
    onEnd(async () => proxy[Symbol.asyncDispose]());
    return examine(at(proxy.port, "/shop"), ...TOLD);
  };
  const check = strips ? "cookie-path" : "refresh-route";
  await expectCured(LOCAL, look, { check, write: 'http: { basePath: "/shop" }' });
});

test("a base path, where browsers see the app at the root", async () => {
  const look = async (port: number): Promise<Report> => examine(at(port));
  await expectCured(merge(LOCAL, { http: { basePath: "/shop" } }), look, {
    check: "cookie-path",
    write: "http: { basePath: undefined }",
  });
});

test("another publicOrigin", async () => {
  const port = await openShop(merge(LOCAL, { http: { publicOrigin: "http://localhost:1" } }));
  const { write } = theOnly(await examine(at(port)), "public-origin");
  expect(write).toBe(`http: { publicOrigin: "http://localhost:${port}" }`);
  const proxy = await openShop(merge(LOCAL, optionsOf('http: { publicOrigin: "http://shop.localhost" }')));
  expectHealthy(await examine("http://shop.localhost", "--connect", `127.0.0.1:${proxy}`));
});

test("an origin of a page that is not trusted", async () => {
  const look = async (port: number): Promise<Report> => examine(at(port), "--origin", "http://localhost:5173");
  const write = 'http: { trustedOrigins: ["http://localhost:5173"] }';
  await expectCured(LOCAL, look, { check: "origin", write });
});

test("Secure cookies at a plain http host", async () => {
  const look = async (port: number): Promise<Report> =>
    examine("http://shop.test:4000", "--connect", `127.0.0.1:${port}`);
  const write = 'cookie: { secure: false }, http: { publicOrigin: "http://shop.test:4000" }';
  await expectCured({}, look, { check: "cookie-secure", write });
});

test("a cookie domain of another host", async () => {
  const look = async (port: number): Promise<Report> =>
    examine("http://shop.test:4000", "--connect", `127.0.0.1:${port}`);
  const config = { cookie: { secure: false, domain: "shop.example" } } as const;
  await expectCured(config, look, { check: "cookie-domain", write: "cookie: { domain: undefined }" });
});

test.each<[string, (app: Express, own: Own) => void]>([
  [
    "a handler before the session routes takes /session",
    (app, own) => {
      app.use("/session", (_request, response) => void response.status(404).send("no such page"));
      mountRight(app, own);
    },
  ],
  [
    "the page of the app answers every path",
    (app, own) => {
      app.use((_request, response) => void response.send("<!doctype html>"));
      mountRight(app, own);
    },
  ],
  [
    "a guard stands before the session routes",
    (app, own) => {
      app.use(verifySession(own));
      mountRight(app, own);
    },
  ],
  ["the session routes are missing", mountRoutes],
  ["every path is redirected", (app) => void app.use((_request, response) => response.redirect(302, "/login"))],
])("%s", async (_, mount) => {
  const found = theOnly(await examine(at(await openShop(LOCAL, mount)), ...TOLD), "refresh-route");
  expect(found.write).toBe("app.use(sessionRoutes())");
  expect(found.text).toContain("Mount the session routes first");
  expectHealthy(await examine(at(await openShop(LOCAL))));
});

test("a handler takes all of /session, and whatever the path of the refresh route is, that is wrong", async () => {
  const port = await openShop(LOCAL, (app, own) => {
    app.use("/session", (_request, response) => void response.status(404).send("no such page"));
    mountRight(app, own);
  });
  theOnly(await examine(at(port)), "refresh-route");
});

test("a refresh route of another path, which the doctor has not been told", async () => {
  const port = await openShop(merge(LOCAL, { tokens: { refreshToken: { renewTokenPath: "/api/refresh" } } }));
  const { findings, exitCode, text } = await examine(at(port));
  expect([findings.map(({ verdict }) => verdict), exitCode]).toEqual([["unknown"], 0]);
  expect(text).toContain("--refresh-path");
  expectHealthy(await examine(at(port), "--refresh-path", "/api/refresh"));
});

test("a sign-out route of the app's own is its right", async () => {
  const port = await openShop(LOCAL, (app, own) => {
    app.all("/session/signout", (_request, response) => void response.send("bye"));
    mountRight(app, own);
  });
  const { open, exitCode } = await examine(at(port));
  expect([open, exitCode]).toEqual([["routes"], 0]);
});

test("a handler takes the sign-out alone", async () => {
  const port = await openShop(LOCAL, (app, own) => {
    app.all("/session/signout", (_request, response) => void response.status(404).send("no such page"));
    mountRight(app, own);
  });
  const found = theOnly(await examine(at(port)), "routes");
  expect(found.write).toBe("app.use(sessionRoutes())");
  expect(found.text).toContain("/session/signout");
});

test("the session routes are mounted below a path", async () => {
  const mount = (app: Express, own: Own): void => {
    app.use("/keep", sessionRoutes(own));
    app.use(sessionRoutes(own));
    mountRoutes(app, own);
  };
  const port = await openShop(LOCAL, (app, own) => void app.use("/keep", sessionRoutes(own)));
  const { write } = theOnly(await examine(at(port, "/keep"), ...TOLD), "refresh-route");
  expectHealthy(await examine(at(await openShop(merge(LOCAL, optionsOf(write)), mount), "/keep")));
});

test("a proxy refuses headers of 8 kB", async () => {
  const app = await openShop(LOCAL);
  const found = theOnly(await examine(at(await openProxy([app], { maxHeaderSize: 6000 }))), "header-size");
  expect(found.write).toBe("large_client_header_buffers 4 16k;");
  expectHealthy(await examine(at(await openProxy([app], { maxHeaderSize: 12_000 }))));
});

test("another CORS set-up lets every origin read with cookies", async () => {
  const look = (options: object): Promise<number> =>
    openShop(LOCAL, (app, own) => {
      app.use(cors(options));
      mountRight(app, own);
    });
  const found = theOnly(await examine(at(await look({ origin: true, credentials: true }))), "foreign-origin");
  expect(found.write).toMatch(/^cors\(\{ origin: \["http:\/\/localhost:\d+"\], credentials: true \}\)$/);
  expectHealthy(await examine(at(await look({ origin: ["http://localhost:1"], credentials: true }))));
});

test.each<[string, string, (headers: string[]) => string[]]>([
  [
    "adds an Access-Control-Allow-Origin of its own",
    "2 times",
    (headers) => [...headers, "access-control-allow-origin", PAGE],
  ],
  ["replaces the exposed headers", "cannot read counterfoil-session", withHeader("access-control-expose-headers", "x")],
  ["allows every origin by a star", "which browsers refuse", withHeader("access-control-allow-origin", "*")],
  [
    "takes the credentials away",
    "Access-Control-Allow-Credentials",
    withHeader("access-control-allow-credentials", "no"),
  ],
  [
    "answers by another list of headers",
    "cannot send anti-csrf, rid",
    withHeader("access-control-allow-headers", "content-type"),
  ],
  ["takes Vary away", "Vary: Origin", withHeader("vary", "accept")],
])("a proxy %s", async (_, says, answer) => {
  const app = await openShop(merge(LOCAL, { http: { trustedOrigins: [PAGE] } }));
  const found = theOnly(await examine(at(await openProxy([app], { answer })), "--origin", PAGE), "origin");
  expect(found.text).toContain(says);
  expectHealthy(await examine(at(await openProxy([app])), "--origin", PAGE));
});

test.each<[string, string, (line: string) => string]>([
  ["cookie-flags", "HttpOnly", (line) => line.replace("; HttpOnly", "")],
  ["cookie-flags", "SameSite", (line) => line.replace(/; SameSite=\w+/, "")],
  ["cookie-path", "__Host-", (line) => line.replace("Path=/;", "Path=/shop;")],
  ["cookie-domain", "__Host-", (line) => line.replace("Path=/;", "Path=/; Domain=localhost;")],
  ["cookie-secure", "__Host-", (line) => line.replace("; Secure", "")],
])("a proxy rewrites the cookies: %s, %s", async (check, says, rewrite) => {
  const app = await openShop({});
  const answer = (headers: string[]): string[] =>
    headers.map((value, index) => (headers[index - 1]?.toLowerCase() === "set-cookie" ? rewrite(value) : value));
  expect(theOnly(await examine(at(await openProxy([app], { answer }))), check).text).toContain(says);
});

test("two processes have a memory store each", async () => {
  const config = { ...LOCAL, tokens: { accessToken: { signing: "ES256" } } } as const;
  const ports = [await openShop(config), await openShop(config)];
  expect(theOnly(await examine(at(await openProxy(ports))), "keys").write).toBe("store: sqlite({ path })");
  expectHealthy(await examine(at(await openProxy(ports.slice(1)))));
});

test.each<[number, "wrong" | "unknown"]>([
  [502, "wrong"],
  [504, "wrong"],
  [429, "unknown"],
  [403, "unknown"],
  [500, "unknown"],
])("something before the app answers %i: %s", async (status, verdict) => {
  const proxy = await openProxy([], { instead: (_, outgoing) => void outgoing.writeHead(status).end("<html>") });
  const { findings } = await examine(at(proxy));
  expect(findings.map((finding) => [finding.check, finding.verdict])).toEqual([["refresh-route", verdict]]);
});

test("the page of the proxy stands in place of the refusal", async () => {
  const instead = (_: unknown, outgoing: ServerResponse): void =>
    void outgoing.writeHead(401, { "www-authenticate": 'Bearer realm="session"' }).end("<html>");
  const found = theOnly(await examine(at(await openProxy([], { instead })), ...TOLD), "refresh-route");
  expect(found.write).toBe("proxy_intercept_errors off;");
});

test("nothing answers", async () => {
  const { listen } = await import("../fixtures/listen.ts");
  const { port, close } = await listen(() => undefined);
  await close();
  expect(theOnly(await examine(at(port)), "reach").text).toContain("ECONNREFUSED");
});

test("a response without end is cut off, and one of others' text is quoted", async () => {
  const endless = await openProxy([], {
    instead: (_, outgoing) => {
      outgoing.writeHead(404, { "content-type": "application/json" });
      const more = (): void =>
        void (outgoing.destroyed || outgoing.write("x".repeat(65_536), () => setImmediate(more)));
      more();
    },
  });
  expect(theOnly(await examine(at(endless), ...TOLD), "refresh-route").verdict).toBe("wrong");
  const evil = JSON.stringify({ message: "\u001b]0;title\u0007 line\nok everything" });
  const liar = await openProxy([], { instead: (_, outgoing) => void outgoing.writeHead(404).end(evil) });
  const { text } = await examine(at(liar), ...TOLD);
  expect(text).toContain("\\u001b]0;title");
  expect(text.match(/^ {2}\S+/gm)).toEqual(["  WRONG"]);
});
