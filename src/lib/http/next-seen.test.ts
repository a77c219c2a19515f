/** What the proxy of Next hands on about the time at which it looked. */
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { expect, onTestFinished, test } from "vitest";
import { type HttpContext, httpContextOf } from "./context.ts";
import { protect } from "./protect.ts";
import type { RequestSession } from "./request-session.ts";
import { signInUser } from "./sign-in.ts";
import { openSent, passOn } from "./adapters/next-request.ts";
import { openWebExchange } from "./exchange/web-exchange.ts";

const VALIDITY = 60_000;
const NOTE = "counterfoil-seen";

interface World {
  readonly clock: { now: number };
  readonly http: HttpContext;
  /** The headers of a browser that is signed in, and what the proxy hands on for it. */
  readonly signIn: () => Promise<{ readonly sent: Headers; readonly pass: (at: number) => Headers }>;
  /** The user that a page is rendered for. */
  readonly render: (headers: Headers) => Promise<unknown>;
}

function createWorld(secret = "a secret of at least thirty-two bytes"): World {
  const clock = { now: 1_790_000_000_000 };
  const sessions = createSessions({
    store: memory(),
    secret,
    clock: () => clock.now,
    tokens: { accessToken: { validity: "1m" } },
  });
  onTestFinished(() => sessions.close());
  const http = httpContextOf(sessions);
  return {
    clock,
    http,
    async signIn() {
      const exchange = openWebExchange({ method: "POST", url: "/", headers: new Headers() });
      const session = await http.run(exchange, signInUser, "alice");
      const set = new Headers();
      exchange.close(200, set);
      const cookie = set.getSetCookie().map((line) => line.slice(0, line.indexOf(";")));
      const sent = new Headers({ cookie: cookie.join("; ") });
      const proxy = openWebExchange({ method: "GET", url: "/", headers: sent });
      return { sent, pass: (at) => passOn(proxy, sent, http, { session, at }) };
    },
    async render(headers) {
      const exchange = await openSent(http, headers);
      const find = async (): Promise<RequestSession | undefined> => protect(http, exchange, { sessionRequired: false });
      const session = await find().catch(() => undefined);
      return session?.getUserId();
    },
  };
}

test("a page is rendered for the user whose token expires after the proxy", async () => {
  const { clock, signIn, render } = createWorld();
  const { sent, pass } = await signIn();
  const passed = pass(clock.now + VALIDITY - 1000);
  clock.now += VALIDITY;
  expect([await render(passed), await render(sent)]).toEqual(["alice", undefined]);
  // In the time that a page may take, and no longer.
  clock.now += 58_999;
  expect(await render(new Headers(passed))).toBe("alice");
  clock.now += 1;
  expect(await render(new Headers(passed))).toBe(undefined);
});

test("a note about a time at which the token had expired is worth nothing", async () => {
  const { clock, signIn, render } = createWorld();
  const { pass } = await signIn();
  clock.now += VALIDITY;
  expect(await render(pass(clock.now))).toBe(undefined);
});

test("a client cannot write one, nor take that of another session, nor of another secret", async () => {
  const { clock, http, signIn, render } = createWorld();
  const mine = await signIn();
  const other = await signIn();
  const at = clock.now + VALIDITY - 1;
  const stranger = createWorld("another secret of thirty-two bytes or more");
  const foreign = (await stranger.signIn()).pass(at);
  const own = mine.pass(at).get(NOTE) ?? "";
  const [, handle = ""] = own.split(".");
  clock.now += VALIDITY;
  for (const note of [
    other.pass(at).get(NOTE) ?? "",
    foreign.get(NOTE) ?? "",
    own.replace(String(at), String(at - 1)),
    `${at}.${handle}.${http.session.antiCsrf.of(handle)}`,
    `${own}A`,
    "x".repeat(100_000),
  ]) {
    const headers = new Headers(mine.sent);
    headers.set(NOTE, note);
    expect(await render(headers)).toBe(undefined);
  }
});

test("what a client sends under the name of the note does not get past the proxy", async () => {
  const { http } = createWorld();
  const sent = new Headers({ [NOTE]: "1.x.y" });
  const proxy = openWebExchange({ method: "GET", url: "/", headers: sent });
  expect(passOn(proxy, sent, http, { session: undefined, at: 0 }).get(NOTE)).toBe(null);
});
