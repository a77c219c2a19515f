/** A request costs a handful of signature checks and store calls, whatever it carries. */
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { SECRET, START } from "../../../test/fixtures/constants.ts";
import { type OperationName, switchable } from "../../../test/store/switchable-store.ts";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import type { CreatedSession } from "../session/create-session.ts";
import { contextOf } from "../session/assemble-sessions.ts";
import { type HttpContext, httpContextOf } from "./context.ts";
import { protect } from "./protect.ts";
import { refreshRequest } from "./refresh.ts";
import { signInUser } from "./sign-in.ts";
import { signOutUser } from "./sign-out.ts";
import { readUpgrade } from "./websocket/upgrade.ts";
import { openWebExchange, type WebExchange } from "./exchange/web-exchange.ts";

const MANY = 32;
// Four access tokens, four refresh tokens, one more access token in a header, and the MAC of a
// refresh token that is made.
const MAX_CHECKS = 10;
// Four sessions to end, and what a sign-in or a refresh writes, with its sweep.
const MAX_CALLS = 6;

type Kind = "access" | "refresh";
/** Tokens that a request is filled with, by the cookie that they are put into. */
type Tokens = Readonly<Record<Kind, readonly string[]>>;

interface World {
  readonly http: HttpContext;
  readonly names: Readonly<Record<Kind | "marker", string>>;
  /** What has been done since it was last asked. */
  readonly take: () => { readonly checks: number; readonly calls: readonly OperationName[] };
  readonly signIn: () => Promise<CreatedSession>;
  readonly clock: { now: number };
}

async function openWorld(signing: "HS256" | "ES256", hostPrefix: "auto" | boolean = false): Promise<World> {
  const clock = { now: START };
  const { store, takeCalls } = switchable(memory());
  const sessions = createSessions({
    store,
    secret: SECRET,
    clock: () => clock.now,
    cookie: { hostPrefix },
    tokens: { accessToken: { signing, revocation: "store" } },
  });
  await sessions.ready();
  let checks = 0;
  const key = contextOf(sessions).ring.active();
  const verify = key.verify.bind(key);
  const { refreshMac } = key;
  Object.assign(key, {
    verify: (...given: Parameters<typeof verify>) => ((checks += 1), verify(...given)),
    refreshMac: {
      ...refreshMac,
      digest: (...given: Parameters<typeof refreshMac.digest>) => ((checks += 1), refreshMac.digest(...given)),
    },
  });
  const http = httpContextOf(sessions);
  const take: World["take"] = () => {
    const taken = { checks, calls: takeCalls() };
    checks = 0;
    return taken;
  };
  return { http, names: await namesOf(http), take, signIn: () => sessions.createNewSession("alice"), clock };
}

const ask = (method: string, headers: Readonly<Record<string, string>>): WebExchange =>
  openWebExchange({ method, url: "/", headers: { get: (name) => headers[name] ?? null } });

async function namesOf(http: HttpContext): Promise<World["names"]> {
  const exchange = ask("POST", {});
  await http.run(exchange, signInUser, "nobody");
  const [access = "", refresh = "", marker = ""] = linesOf(exchange).map((line) => line.slice(0, line.indexOf("=")));
  return { access, refresh, marker };
}

function linesOf(exchange: WebExchange): readonly string[] {
  const headers = new Headers();
  exchange.close(200, headers);
  return headers.getSetCookie();
}

/** With another signature: as well made as the true one, by the name of the same key. */
const forge = (token: string, index: number): string =>
  token.replace(/.{30}$/, (end) => `${String(index).padStart(2, "0")}${end.slice(2, -1)}A`);

const CONTENTS: Readonly<Record<string, (world: World) => Promise<Tokens>>> = {
  async "forged tokens of a key that exists"({ signIn }) {
    const { accessToken, refreshToken } = await signIn();
    const forged = (value: string): string[] => Array.from({ length: MANY }, (_, index) => forge(value, index));
    return { access: forged(accessToken.value), refresh: forged(refreshToken.value) };
  },
  async "forged tokens of keys that nobody has"({ signIn }) {
    const { accessToken, refreshToken } = await signIn();
    const unknown = (index: number): string => Buffer.alloc(8, index + 1).toString("base64url");
    const access = Array.from({ length: MANY }, (_, index) => {
      const header = JSON.stringify({ alg: "HS256", kid: unknown(index), typ: "at+jwt" });
      return accessToken.value.replace(/^[^.]+/, Buffer.from(header).toString("base64url"));
    });
    const refresh = access.map((_, index) => `cfr1.${unknown(index)}${refreshToken.value.slice(16)}`);
    return { access, refresh };
  },
  async "valid tokens of one session"({ http, signIn, clock }) {
    const created = await signIn();
    const access = [created.accessToken.value];
    const refresh = [created.refreshToken.value];
    while (access.length < MANY) {
      clock.now += 1000;
      const next = await http.sessions.refreshSession(created.refreshToken.value);
      access.push(next.newAccessToken.value);
      refresh.push(next.newRefreshToken.value);
    }
    return { access, refresh };
  },
  async "valid tokens of many sessions"({ signIn }) {
    const all: CreatedSession[] = [];
    while (all.length < MANY) all.push(await signIn());
    return {
      access: all.map(({ accessToken }) => accessToken.value),
      refresh: all.map(({ refreshToken }) => refreshToken.value),
    };
  },
};

/** Where the tokens stand in the request. */
const PLACES: Readonly<Record<string, (names: World["names"], tokens: Tokens) => Readonly<Record<string, string>>>> = {
  "both cookies": (names, tokens) => ({ cookie: cookieOf(names, tokens) }),
  "access cookies": (names, { access }) => ({ cookie: cookieOf(names, { access, refresh: [] }) }),
  "refresh cookies": (names, { refresh }) => ({ cookie: cookieOf(names, { access: [], refresh }) }),
  "one cookie of each kind": (names, { access, refresh }) => ({
    cookie: cookieOf(names, { access: access.slice(0, 1), refresh: refresh.slice(0, 1) }),
  }),
  "cookies and a header": (names, tokens) => ({
    cookie: cookieOf(names, tokens),
    authorization: `Bearer ${tokens.access.at(-1)}`,
  }),
  "one cookie and a header": (names, { access }) => ({
    cookie: cookieOf(names, { access: access.slice(0, 1), refresh: [] }),
    authorization: `Bearer ${access.at(-1)}`,
  }),
  "repeated headers": (_, { access, refresh }) => ({
    authorization: access.map((value) => `Bearer ${value}`).join(", "),
    "st-access-token": access.join(", "),
    "st-refresh-token": refresh.join(", "),
  }),
  "headers of both kinds": (_, { access, refresh }) => ({
    "st-auth-mode": "header",
    authorization: `Bearer ${access[0]}`,
    "st-access-token": access[1] ?? "",
    "st-refresh-token": refresh[2] ?? "",
  }),
};

const cookieOf = (names: World["names"], { access, refresh }: Tokens): string =>
  [
    ...access.map((value) => `${names.access}=${value}`),
    ...refresh.map((value) => `${names.refresh}=${value}`),
    `${names.marker}=1`,
  ].join("; ");

const REQUESTS: Readonly<
  Record<string, (http: HttpContext, headers: Readonly<Record<string, string>>) => Promise<unknown>>
> = {
  "a protected route": async (http, headers) => protect(http, ask("GET", headers)),
  "a protected route that writes": async (http, headers) => protect(http, ask("POST", headers)),
  refresh: (http, headers) => http.run(ask("POST", headers), refreshRequest),
  "a page": async (http, headers) =>
    protect(http, ask("GET", { ...headers, "sec-fetch-mode": "navigate" }), { page: true }),
  async "an upgrade"(http, headers) {
    const request = new IncomingMessage(new Socket());
    request.headers = headers;
    request.rawHeaders = Object.entries(headers).flat();
    return readUpgrade(http, request);
  },
  "sign-in": (http, headers) => http.run(ask("POST", headers), signInUser, "bob"),
  "sign-out": (http, headers) => http.run(ask("POST", headers), signOutUser),
};

// What a check costs depends on the algorithm, and how many there are does not.
const SIGNINGS = { HS256: Object.keys(CONTENTS), ES256: ["forged tokens of a key that exists"] } as const;

describe.each(["HS256", "ES256"] as const)("%s", (signing) => {
  describe.each(SIGNINGS[signing])("%s", (content) => {
    const cases = Object.keys(PLACES).flatMap((place) =>
      ([false, "auto"] as const).map((prefix) => [place, prefix] as const),
    );
    test.each(cases)("in %s, hostPrefix %s", async (place, hostPrefix) => {
      const world = await openWorld(signing, hostPrefix);
      const tokens = (await CONTENTS[content]?.(world)) ?? { access: [], refresh: [] };
      const headers = PLACES[place]?.(world.names, tokens) ?? {};
      for (const [name, run] of Object.entries(REQUESTS)) {
        world.take();
        await run(world.http, headers).catch(() => undefined);
        const { checks, calls } = world.take();
        expect(checks, name).toBeLessThanOrEqual(MAX_CHECKS);
        expect(calls.length, `${name}: ${calls.join(", ")}`).toBeLessThanOrEqual(MAX_CALLS);
      }
    });
  });

  test("tokens of one session are one session to end", async () => {
    const world = await openWorld(signing);
    const tokens = (await CONTENTS["valid tokens of one session"]?.(world)) ?? { access: [], refresh: [] };
    for (const given of [tokens, { ...tokens, access: [] }]) {
      world.take();
      await world.http.run(ask("POST", { cookie: cookieOf(world.names, given) }), signOutUser).catch(() => undefined);
      expect(world.take().calls).toEqual(["deleteSession"]);
    }
  });

  test("the signature of a forged token is checked once", async () => {
    const world = await openWorld(signing);
    const { access, refresh } = (await CONTENTS["forged tokens of a key that exists"]?.(world)) ?? tokensOfNobody;
    const cookie = cookieOf(world.names, { access: access.slice(0, 1), refresh: [] });
    world.take();
    await expect((async () => protect(world.http, ask("GET", { cookie })))()).rejects.toMatchObject({
      code: "ACCESS_TOKEN_INVALID",
    });
    expect(world.take()).toEqual({ checks: 1, calls: [] });
    const renewing = cookieOf(world.names, { access: [], refresh: refresh.slice(0, 1) });
    await world.http.run(ask("POST", { cookie: renewing }), refreshRequest).catch(() => undefined);
    expect(world.take()).toEqual({ checks: 1, calls: [] });
  });
});

const tokensOfNobody: Tokens = { access: [], refresh: [] };
