/**
 * Everything that reads what a client sends takes a time that grows with its length, and not with
 * the square of it.
 */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { expect, test } from "vitest";
import { parseMarker } from "../../protocol.ts";
import { parseOrigin } from "../options/origin.ts";

import { carryCookies } from "./exchange/carry-cookies.ts";
import { httpContextOf } from "./context.ts";
import { protect } from "./protect.ts";
import { refreshRequest } from "./refresh.ts";
import { signInUser } from "./sign-in.ts";
import { signOutUser } from "./sign-out.ts";
import { respondToRoute } from "./routes.ts";
import { readUpgrade } from "./websocket/upgrade.ts";
import { openWebExchange, type WebExchange } from "./exchange/web-exchange.ts";

const sessions = createSessions({ store: memory(), http: { trustedOrigins: ["https://app.example"] } });
const http = httpContextOf(sessions);
const cookieName = async (): Promise<readonly string[]> => {
  const exchange = ask({});
  await http.run(exchange, signInUser, "alice");
  const headers = new Headers();
  exchange.close(200, headers);
  return headers.getSetCookie().map((line) => line.slice(0, line.indexOf("=")));
};
const NAMES = await cookieName();
const TO = http.session.policy.cookie.renewTokenPath;

interface Asked {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly ip?: string;
}
function ask({ method = "GET", url = "/", headers = {}, ip }: Asked): WebExchange {
  const known = new Map(Object.entries(headers));
  return openWebExchange({ method, url, headers: { get: (name) => known.get(name) ?? null } }, () => ip);
}

/** What may do with a text whatever it does; refusals are as good as results. */
type Reader = (text: string) => unknown;

/** All that an adapter may call, for one request. */
async function everything(asked: Asked): Promise<void> {
  const calls: ((exchange: WebExchange) => Promise<unknown>)[] = [
    async (exchange) => protect(http, exchange, { page: true, sessionRequired: false }),
    async (exchange) => protect(http, exchange),
    (exchange) => http.run(exchange, refreshRequest),
    (exchange) => http.run(exchange, signOutUser),
    (exchange) => http.run(exchange, signInUser, "alice"),
    async (exchange) => respondToRoute(http, exchange, {}),
  ];
  for (const work of calls) await work(ask(asked)).catch(() => undefined);
}

const header =
  (name: string, begin = "", method = "POST"): Reader =>
  (text) =>
    everything({ method, headers: { "sec-fetch-mode": "navigate", [name]: begin + text } });

const url =
  (begin: string): Reader =>
  (text) =>
    everything({ url: begin + text, headers: { accept: "text/html", cookie: twoCookies(), host: "a.b.example" } });

const twoCookies = (): string => NAMES.flatMap((name) => [`${name}=1`, `${name}=2`]).join("; ");

const READERS: Readonly<Record<string, Reader>> = {
  "cookie header": header("cookie"),
  "cookie header of page loads": header("cookie", "", "GET"),
  "access cookie": header("cookie", `${NAMES[0]}=`),
  "access cookie in quotes": header("cookie", `${NAMES[0]}="`),
  "name of a cookie": header("cookie", NAMES[0]),
  "refresh cookie": header("cookie", `${NAMES[1]}=a`),
  marker: header("cookie", `${NAMES[2]}=`, "GET"),
  "parsed marker": (text) => parseMarker(`1.${text}`),
  authorization: header("authorization"),
  "bearer token": header("authorization", "Bearer "),
  "st-access-token": header("st-access-token"),
  "st-refresh-token": header("st-refresh-token"),
  "st-auth-mode": header("st-auth-mode"),
  "anti-csrf": header("anti-csrf"),
  origin: header("origin"),
  "host of an origin": header("origin", "https://"),
  "configured origin": (text) => parseOrigin(`https://${text}`),
  host: (text) =>
    everything({ method: "POST", headers: { origin: "https://a.example", host: text, cookie: twoCookies() } }),
  "host of duplicate cookies": (text) =>
    everything({ method: "POST", headers: { host: `a.${text}`, cookie: twoCookies() } }),
  accept: (text) => everything({ headers: { accept: text } }),
  "sec-fetch-site": header("sec-fetch-site"),
  "access-control-request-headers": (text) =>
    everything({
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": text,
      },
    }),
  "user-agent": header("user-agent", "Mozilla/5.0 "),
  "address of the client": (text) => everything({ ip: `::ffff:${text}` }),
  path: url("/"),
  query: url("/?"),
  "whole address": url("http://a.example/"),
  "way back": url(`${TO}?to=`),
  "way back to a path": url(`${TO}?to=/`),
  "mark of a refreshed page": url("/?session-refreshed="),
  "many marks": (text) => everything({ url: `/?${text.replaceAll("a", "session-refreshed=1&")}` }),
  "sec-websocket-protocol": async (text) => {
    const request = new IncomingMessage(new Socket());
    request.headers = { "sec-websocket-protocol": `counterfoil.ticket.${text}` };
    await readUpgrade(http, request).catch(() => undefined);
    request.headers = { "sec-websocket-protocol": text, origin: text };
    await readUpgrade(http, request).catch(() => undefined);
  },
  "cookies that are carried on": (text) => {
    const exchange = ask({ headers: { cookie: text } });
    exchange.changeCookies(() => [`${NAMES[0]}=${text}; Max-Age=1; Expires=${text}; Path=/`, `${text}; Max-Age=1`]);
    return carryCookies(exchange, new Headers(), http.session.policy.cookie);
  },
  "cookies of the app beside ours": async (text) => {
    const exchange = ask({ method: "POST" });
    exchange.changeCookies(() => [`app=${text}`, text]);
    await http.run(exchange, signInUser, "alice");
  },
  "access token": (text) => sessions.getSession(`eyJ${text}`).catch(() => undefined),
  "refresh token": (text) => sessions.refreshSession(`cfr1.${text}`).catch(() => undefined),
};

/** Texts of about a length on which expressions that backtrack take long. */
const SHAPES: Readonly<Record<string, (length: number) => string>> = {
  "blanks between letters": (length) => `a${" ".repeat(length)}b`,
  "tabs between letters": (length) => `a${"\t".repeat(length)}b`,
  letters: (length) => "a".repeat(length),
  digits: (length) => `${"1".repeat(length)}x`,
  semicolons: (length) => ";".repeat(length),
  quotes: (length) => '"'.repeat(length),
  "equals signs": (length) => "=".repeat(length),
  "empty cookies": (length) => "=;".repeat(length / 2),
  commas: (length) => ", ".repeat(length / 2),
  dots: (length) => "a.".repeat(length / 2),
  colons: (length) => ":1".repeat(length / 2),
  slashes: (length) => "/a".repeat(length / 2),
  "ways up": (length) => "/..".repeat(length / 3),
  "question marks": (length) => "?&".repeat(length / 2),
  percents: (length) => "%2f%25".repeat(length / 6),
  // In the name of a host, letters beyond ASCII are compared with each other.
  ideographs: (length) =>
    Array.from({ length: length / 9 }, (_, index) => encodeURIComponent(String.fromCodePoint(0x4e00 + index))).join(""),
};

/** In ms. */
async function costOf(read: Reader, text: string): Promise<number> {
  const before = performance.now();
  await read(text);
  return performance.now() - before;
}

const LENGTH = 2000;
// What timers and the collector may add, in ms. Where n² hurts, it is far more.
const FLOOR = 2;
const MAX_RUNS = 60;

/** Four times the length may take four times as long; with n² it is sixteen times. */
async function expectLinear(read: Reader, make: (length: number) => string): Promise<void> {
  const [short, long] = [make(LENGTH), make(4 * LENGTH)];
  let least = { short: Number.POSITIVE_INFINITY, long: Number.POSITIVE_INFINITY };
  // The least time of many runs is the one that nothing else on the machine got into.
  for (let run = 0; run < MAX_RUNS; run += 1) {
    least = {
      short: Math.min(least.short, await costOf(read, short)),
      long: Math.min(least.long, await costOf(read, long)),
    };
    if (least.long < 8 * least.short + FLOOR) return;
    // Far from it: more runs would tell the same, and take minutes.
    if (run >= 2 && least.long > 12 * least.short + 200 * FLOOR) break;
  }
  expect(least.long).toBeLessThan(8 * least.short + FLOOR);
}

test.each(Object.keys(READERS))("%s", async (name) => {
  for (const [shape, make] of Object.entries(SHAPES)) {
    const read = READERS[name];
    if (read !== undefined)
      await expectLinear(read, make).catch((error: unknown) => {
        throw new Error(`of ${shape}`, { cause: error });
      });
  }
});
