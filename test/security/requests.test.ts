/**
 * Requests that no client of ours sends: any of our headers, with anything in them, to any of our
 * routes.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { apiCookies, type Credentials, refreshCookies, signIn } from "../http/fixtures.ts";
import { holdsFor } from "./sampling.ts";
import { parseAnswer, type RawServer, startRawServer } from "./raw-server.ts";

let server: RawServer;
let own: Credentials;

beforeAll(async () => {
  server = await startRawServer();
  own = await signIn(server.app);
});
afterAll(() => server[Symbol.asyncDispose]());

/** What an answer may carry: our headers, and those of Node and Express. */
const KNOWN = new Set(
  `allow anti-csrf cache-control connection content-length content-type counterfoil-reason counterfoil-session counterfoil-user
  date etag front-token id-refresh-token keep-alive location retry-after set-cookie st-access-token st-refresh-token transfer-encoding
  vary www-authenticate x-powered-by access-control-allow-credentials access-control-allow-headers access-control-allow-methods
  access-control-allow-origin access-control-expose-headers access-control-max-age content-security-policy x-content-type-options`.split(
    /\s+/,
  ),
);
/** Visible ASCII, and blanks between. */
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

async function expectOrdinary(bytes: string, upgrade = false): Promise<number> {
  const { status, headers } = parseAnswer(await server.ask(bytes, upgrade));
  const odd = headers.filter(([name, value]) => !KNOWN.has(name) || (value !== "" && !PLAIN.test(value)));
  expect({ odd, faults: server.faults, appErrors: server.app.appErrors }).toEqual({
    odd: [],
    faults: [],
    appErrors: [],
  });
  expect(status, bytes).toBeGreaterThan(99);
  expect(status, bytes).toBeLessThan(500);
  return status;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
const PATHS = [
  "/api",
  "/login",
  "/page",
  "/renew",
  "/auth/session/refresh",
  "/auth/signout",
  "/session/signout",
  "/session/sessions",
  "/session/sessions/revoke",
  "/session/sessions/rename",
  "/.well-known/jwks.json",
  "/__proto__",
  "//evil.example/api",
  "http://evil.example/session/sessions",
];
const QUERY_NAMES = [
  "to",
  "handle",
  "handle[]",
  "others",
  "label",
  "after",
  "again",
  "session-refreshed",
  "session-cleared",
  "__proto__",
];
const NAMES = `authorization cookie anti-csrf rid st-auth-mode st-access-token st-refresh-token origin referer
  sec-fetch-site sec-fetch-mode sec-fetch-dest accept user-agent x-forwarded-for x-forwarded-host x-forwarded-proto
  access-control-request-method access-control-request-headers fdi-version sec-websocket-protocol host`.split(/\s+/);
const WORDS =
  `cookie header any navigate cors no-cors same-origin cross-site none document empty text/html null undefined true
  __proto__ constructor Bearer bearer Basic Token counterfoil.ticket.x https://shop.example https://evil.example 0 -1 1e999
  1.AAAAAAAAAAAAAAAAAAAAAAAA %00 %0d%0a $Version=1 ; , = " \\ ../.. * session/refresh /page //evil.example`.split(
    /\s+/,
  );

/** Bytes that Node lets into a header, blanks and tabs among them. */
const junk = fc.string({
  unit: fc
    .oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff }), fc.constant(9))
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
});

/** Parts of genuine values, whole or cut, among words and junk. */
const value = fc
  .array(
    fc.oneof(
      fc.constantFrom(...WORDS),
      junk,
      fc.tuple(fc.constantFrom("access", "refresh", "marker", "antiCsrf", "handle"), fc.nat(200)).map(([kind, cut]) => {
        const genuine = own[kind as "access"];
        return cut < 150 ? genuine : genuine.slice(cut - 150);
      }),
      fc.constantFrom("access", "refresh", "marker").map((kind) => `${own.names[kind as "access"]}=`),
      fc.constantFrom("; ", ", ", " ", "=", "."),
    ),
    { maxLength: 7 },
  )
  .map((parts) => parts.join(""));
const cookies = fc
  .constantFrom("api", "refresh")
  .map((kind) => (kind === "api" ? apiCookies(own) : refreshCookies(own)));
const header = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...NAMES), value) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("cookie"), cookies) },
);
const pathPart = fc.oneof(
  value.map(encodeURIComponent),
  fc.constantFrom("", "%", "%zz", "%00", "%2e%2e%2f", "a".repeat(300)),
);
const query = fc
  .array(fc.tuple(fc.constantFrom(...QUERY_NAMES), pathPart), { maxLength: 3 })
  .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([name, text]) => `${name}=${text}`).join("&")}`));

const anyRequest = fc.record({
  method: fc.constantFrom(...METHODS),
  path: fc.constantFrom(...PATHS),
  query,
  headers: fc.array(header, { maxLength: 6 }),
  upgrade: fc.boolean(),
});
const pageLoad = fc.record({
  method: fc.constant("GET"),
  path: fc.constantFrom("/page", "/auth/session/refresh"),
  query: fc.oneof(
    query,
    fc.constant("?to=%2Fpage"),
    pathPart.map((text) => `?to=/${text}`),
  ),
  headers: fc
    .tuple(cookies, fc.array(header, { maxLength: 2 }))
    .map(([cookie, more]): [string, string][] => [["sec-fetch-mode", "navigate"], ["cookie", cookie], ...more]),
  upgrade: fc.constant(false),
});
const request = fc.oneof({ weight: 3, arbitrary: anyRequest }, { weight: 1, arbitrary: pageLoad });

test("no 500, no fault that nobody handles, and no header that is not known", async () => {
  const statuses = new Map<number, number>();
  await holdsFor(
    "raw requests",
    bound(700, 20_000),
    request,
    async ({ method, path, query: asked, headers, upgrade }) => {
      const lines = headers.map(([name, text]) => `${name}: ${text}`);
      if (!headers.some(([name]) => name === "host")) lines.push("Host: shop.example");
      if (upgrade) lines.push("Connection: Upgrade", "Upgrade: websocket");
      else lines.push("Connection: close", "Content-Length: 0");
      const status = await expectOrdinary(
        `${upgrade ? "GET" : method} ${path}${asked} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`,
        upgrade,
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    },
  );
  console.log(JSON.stringify(Object.fromEntries(statuses)));
  // The requests get as far as our routes, and are not all stopped by Node.
  for (const status of [200, 303, 400, 401, 403, 405])
    expect(statuses.get(status) ?? 0, String(status)).toBeGreaterThan(0);
});

const withOwn = (lines: readonly string[], target: string, method = "POST"): string =>
  [
    `${method} ${target} HTTP/1.1`,
    "Host: shop.example",
    "Connection: close",
    "Content-Length: 0",
    ...lines,
    "\r\n",
  ].join("\r\n");

test.each(["\f", "\v", "\0", "\x7f"])("the name of a cookie behind %j: 400, by Node", async (blank) => {
  expect(await expectOrdinary(withOwn([`Cookie: ${blank}${apiCookies(own)}`], "/api", "GET"))).toBe(400);
});

test.each(["HEAD", "TRACE", "PUT"])(
  "%s on the routes that take POST or GET: 405, and nothing is done",
  async (method) => {
    const fresh = await signIn(server.app, "user=carol");
    for (const path of [
      "/auth/session/refresh",
      "/auth/signout",
      "/session/signout",
      "/session/sessions/revoke?others=true",
    ]) {
      const lines = [`Cookie: ${refreshCookies(fresh)}`, `anti-csrf: ${fresh.antiCsrf}`];
      expect(await expectOrdinary(withOwn(lines, path, method))).toBe(405);
    }
    expect(await server.app.sessions.getAllSessionHandlesForUser("carol")).toContain(fresh.handle);
  },
);

test.each([
  "/AUTH/session/refresh",
  "/auth//session/refresh",
  "//auth/session/refresh",
  "/auth/session/refresh//",
  "/auth/session/refresh;x",
  "/auth/session/%72efresh",
  "/auth/session%2frefresh",
  "/auth/./session/refresh",
  "/auth/x/../session/refresh",
  "/auth/signout//",
  "/auth/SIGNOUT",
  "/auth/sign%6fut",
  "/xauth/signout",
])("%s is no route of SuperTokens clients: 404", async (path) => {
  expect(await expectOrdinary(withOwn([`Cookie: ${refreshCookies(own)}`], path))).toBe(404);
});

test.each([
  ["the handle of another user twice", (handle: string) => `?handle=${handle}&handle=${handle}`],
  ["the own handle, then another user's", (handle: string) => `?handle=${own.handle}x&handle=${handle}`],
  ["handle[]", (handle: string) => `?handle[]=${handle}`],
  ["handle[0] with others of no kind", (handle: string) => `?handle%5B0%5D=${handle}&others=`],
  ["a handle and all others", (handle: string) => `?handle=${handle}&others=true`],
  ["__proto__", (handle: string) => `?__proto__[handle]=${handle}&__proto__=${handle}`],
  ["a handle and NUL", (handle: string) => `?handle=${handle}%00`],
  ["a handle among blanks", (handle: string) => `?handle=%20${handle}%20`],
] as const)("ending sessions by %s ends none of another user", async (_, queryOf) => {
  const bob = await signIn(server.app, "user=bob");
  const alice = await signIn(server.app, "user=alice");
  const lines = [`Cookie: ${apiCookies(alice)}`, `anti-csrf: ${alice.antiCsrf}`];
  await expectOrdinary(withOwn(lines, `/session/sessions/revoke${queryOf(bob.handle)}`));
  expect(await server.app.sessions.getAllSessionHandlesForUser("bob")).toContain(bob.handle);
  own = await signIn(server.app);
});
