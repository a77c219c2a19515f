import { setImmediate } from "node:timers/promises";
import { runInNewContext } from "node:vm";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type CounterfoilConfig,
  type CreatedSession,
  createSessions,
  Error as AuthError,
  SessionError,
  type SessionEventName,
  type Sessions,
  StepUpError,
  type TokenInfo,
  TokenTheftError,
  type UserId,
} from "../../index.ts";
import { memory } from "../../memory.ts";
import { parseMarker } from "../../protocol.ts";
import type { SessionStore } from "../store/session-store.ts";

interface Claims {
  readonly role: string;
}
interface Data {
  readonly count: number;
}
const SECRET = "a secret for tests, of 32 characters and more";
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const START = 1_790_000_000_000;
const NAMES = ["session-created", "session-refreshed", "session-revoked", "reuse-detected", "store-behind"] as const;

class World {
  now = START;
  readonly store: SessionStore = memory();
  readonly events: [SessionEventName, unknown][] = [];
  readonly sessions: Sessions<Claims, Data>;

  constructor(config: CounterfoilConfig = {}) {
    this.sessions = this.another(config);
    for (const name of NAMES) this.sessions.on(name, (event) => void this.events.push([name, event]));
  }

  another(config: CounterfoilConfig): Sessions<Claims, Data> {
    return createSessions<Claims, Data>({ store: this.store, secret: SECRET, clock: () => this.now, ...config });
  }

  signIn(userId: UserId = "alice"): Promise<CreatedSession<Claims>> {
    return this.sessions.createNewSession(userId, { role: "member" }, { count: 0 });
  }
}

const withStore: CounterfoilConfig = { tokens: { accessToken: { blacklisting: "store" } } };
const refused = (errType: number, code: string): unknown => expect.objectContaining({ errType, code });

describe("a session", () => {
  test("is made with everything that a client needs", async () => {
    const world = new World();
    const created = await world.signIn();
    expectTypeOf(created.session.jwtPayload).toEqualTypeOf<Claims>();
    const { handle } = created.session;
    expect(created).toEqual({
      session: {
        handle: expect.stringMatching(/^[\w-]{22}$/) as string,
        userId: "alice",
        jwtPayload: { role: "member" },
      },
      accessToken: {
        value: expect.stringMatching(/^ey[\w-]+\.ey[\w-]+\.[\w-]{43}$/) as string,
        expires: START + 15 * MINUTE,
      },
      refreshToken: { value: expect.stringMatching(/^cfr1\.[\w-]{144}$/) as string, expires: START + 100 * DAY },
      idRefreshToken: { value: expect.any(String) as string, expires: START + 100 * DAY },
      antiCsrfToken: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
    const marker = { handle, generation: 1, issuedAt: START, accessExpires: START + 15 * MINUTE };
    expect(parseMarker(created.idRefreshToken.value)).toEqual(marker);
    expect(world.events).toEqual([["session-created", { handle, userId: "alice", device: {} }]]);
  });

  test("is verified with the same facts, whose claims are frozen", async () => {
    const { sessions, store } = new World();
    const { accessToken, session } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    const verified = await sessions.getSession(accessToken.value);
    expectTypeOf(verified.session.jwtPayload).toEqualTypeOf<Claims>();
    expect(verified).toEqual({ session });
    expect(Object.isFrozen(verified.session.jwtPayload)).toBe(true);
    expect(await store.findSession(session.handle)).toMatchObject({ version: 1, userKey: '"alice"' });
  });

  test("is refreshed into new tokens with the same anti-CSRF token", async () => {
    const { sessions, events } = new World();
    const created = await sessions.createNewSession("alice", { role: "member" });
    const refreshed = await sessions.refreshSession(created.refreshToken.value);
    expectTypeOf(refreshed.session.jwtPayload).toEqualTypeOf<Claims>();
    expect(refreshed.session).toEqual(created.session);
    expect(refreshed.newAntiCsrfToken).toBe(created.antiCsrfToken);
    expect(refreshed.newRefreshToken.value).not.toBe(created.refreshToken.value);
    expect(parseMarker(refreshed.newIdRefreshToken.value)?.generation).toBe(2);
    await expect(sessions.getSession(refreshed.newAccessToken.value, created.antiCsrfToken)).resolves.toBeDefined();
    const { handle } = created.session;
    const event = { handle, userId: "alice", outcome: "mint", generation: 2, device: {} };
    expect(events.at(-1)).toEqual(["session-refreshed", event]);
  });

  test("is listed with its times and device, newest first, and ends when it is revoked", async () => {
    const world = new World();
    const { sessions } = world;
    const device = { ip: "203.0.113.7", userAgent: "curl/8", label: "Laptop" };
    const first = await sessions.createNewSession(42, undefined, undefined, { device, authTime: START - MINUTE });
    world.now += SECOND;
    const second = await sessions.createNewSession(42);
    world.now += SECOND;
    await sessions.refreshSession(first.refreshToken.value, { device: { ip: "::1" } });
    expect(await sessions.getAllSessionHandlesForUser(42)).toEqual([second.session.handle, first.session.handle]);
    expect((await sessions.getSessionsForUser(42))[1]).toEqual({
      handle: first.session.handle,
      userId: 42,
      createdAt: START,
      lastSeenAt: START + 2 * SECOND,
      expiresAt: START + 2 * SECOND + 100 * DAY,
      authTime: START - MINUTE,
      device: { ip: "0:0:0::/48", userAgent: "curl", label: "Laptop" },
      binding: null,
    });
    const { handle } = first.session;
    expect(await sessions.revokeSessionUsingSessionHandle(handle)).toBe(true);
    expect(await sessions.revokeSessionUsingSessionHandle(handle)).toBe(false);
    expect(world.events.at(-1)).toEqual(["session-revoked", { handles: [handle], reason: "revoked" }]);
    expect(await sessions.getAllSessionHandlesForUser(42)).toEqual([second.session.handle]);
    const gone = refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND");
    await expect(sessions.refreshSession(first.refreshToken.value)).rejects.toEqual(gone);
    await expect(sessions.getSessionData(handle)).rejects.toEqual(gone);
    await expect(sessions.updateSessionData(handle, { count: 1 })).rejects.toEqual(gone);
    await expect(sessions.updateJwtPayload(handle, { role: "x" })).rejects.toEqual(gone);
  });

  test("belongs to exactly the user that was given", async () => {
    const { sessions, events } = new World();
    const users: UserId[] = ["alice", "ALICE", "Alicé", "alice ", "42", 42, -0, 0];
    for (const user of users) await sessions.createNewSession(user);
    for (const user of users) {
      const [info, ...more] = await sessions.getSessionsForUser(user);
      expect([Object.is(info?.userId, user), more]).toEqual([true, []]);
    }
    const kept = await sessions.createNewSession("42");
    expect(await sessions.revokeAllSessionsForUser("42", { except: kept.session.handle })).toBe(1);
    expect(events.at(-1)).toEqual([
      "session-revoked",
      { handles: [expect.any(String)], userId: "42", reason: "revoked" },
    ]);
    expect(await sessions.revokeAllSessionsForUser("42")).toBe(1);
    expect(await sessions.revokeAllSessionsForUser("42")).toBe(0);
    expect(await sessions.getAllSessionHandlesForUser(42)).toHaveLength(1);
  });
});

test.each([
  ["its own anti-CSRF token", (own: string) => own, true],
  ["no anti-CSRF token", () => undefined, true],
  ["the anti-CSRF token null", () => null, true],
  ["that of another session", (_: string, other: string) => other, false],
  ["all but the last character of it", (own: string) => own.slice(0, -1), false],
  ["it and a space", (own: string) => `${own} `, false],
  ["an empty anti-CSRF token", () => "", false],
  ["a number for an anti-CSRF token", () => 0 as unknown as string, false],
])("a session with %s is verified or refused", async (_, choose, isRight) => {
  const { sessions } = new World();
  const [own, other] = [await sessions.createNewSession("alice"), await sessions.createNewSession("alice")];
  const given = choose(own.antiCsrfToken ?? "", other.antiCsrfToken ?? "");
  for (const before of [undefined, own.antiCsrfToken]) {
    await sessions.getSession(own.accessToken.value, before);
    const verified = sessions.getSession(own.accessToken.value, given);
    if (isRight) await expect(verified).resolves.toMatchObject({ session: own.session });
    else await expect(verified).rejects.toEqual(refused(AuthError.TRY_REFRESH_TOKEN, "ANTI_CSRF_MISMATCH"));
  }
});

test("without enableAntiCsrf there is no anti-CSRF token and none is checked", async () => {
  const { sessions } = new World({ tokens: { enableAntiCsrf: false } });
  const { antiCsrfToken, refreshToken } = await sessions.createNewSession("alice");
  const { newAntiCsrfToken, newAccessToken } = await sessions.refreshSession(refreshToken.value);
  expect([antiCsrfToken, newAntiCsrfToken]).toEqual([undefined, undefined]);
  await expect(sessions.getSession(newAccessToken.value, "anything")).resolves.toBeDefined();
});

describe("maxAuthAge", () => {
  test("asks for a step-up once the sign-in is older, whatever was refreshed since", async () => {
    const world = new World(withStore);
    const { sessions } = world;
    const created = await sessions.createNewSession("alice", undefined, undefined, { authTime: START - 5 * MINUTE });
    world.now += 5 * MINUTE;
    const { newAccessToken } = await sessions.refreshSession(created.refreshToken.value);
    const get = (maxAuthAge: "10m" | "0s"): Promise<unknown> =>
      sessions.getSession(newAccessToken.value, null, { maxAuthAge });
    await expect(get("10m")).resolves.toBeDefined();
    world.now += 1;
    await expect(get("10m")).rejects.toEqual(refused(AuthError.STEP_UP_REQUIRED, "STEP_UP_REQUIRED"));
    await expect(get("10m")).rejects.toBeInstanceOf(StepUpError);
    await expect(get("10m")).rejects.toMatchObject({ maxAuthAge: 10 * MINUTE });
    await sessions.revokeSessionUsingSessionHandle(created.session.handle);
    await expect(get("0s")).rejects.toEqual(refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND"));
  });

  test("and authTime are refused when they are none", async () => {
    const { sessions } = new World();
    const { accessToken } = await sessions.createNewSession("alice");
    for (const maxAuthAge of [600, "10", "", null] as unknown as "10m"[]) {
      const got = sessions.getSession(accessToken.value, null, { maxAuthAge });
      await expect(got).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
    }
    for (const authTime of [START + 1, -1, 1.5, Number.NaN, "0" as unknown as number]) {
      const created = sessions.createNewSession("alice", undefined, undefined, { authTime });
      await expect(created).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
    }
  });
});

describe.each(["off", "store"] as const)("with blacklisting %s", (blacklisting) => {
  const accessToken = { blacklisting, validity: "10m" } as const;

  test.each([
    ["idle", "3h", [], 60],
    ["idle, after a refresh,", "3h", [30], 90],
    ["absolute", "3h", [50, 100, 150, 175], 180],
    ["absolute, shorter than the other,", "20m", [], 20],
  ] as const)("the %s timeout ends a session on every path", async (_, absoluteTimeout, refreshes, end) => {
    const session = { idleTimeout: "1h", absoluteTimeout } as const;
    const world = new World({ tokens: { accessToken }, session });
    const { sessions } = world;
    let {
      refreshToken,
      session: { handle },
      accessToken: latest,
    } = await world.signIn();
    for (const minute of refreshes) {
      world.now = START + minute * MINUTE;
      ({ newRefreshToken: refreshToken, newAccessToken: latest } = await sessions.refreshSession(refreshToken.value));
    }
    expect(refreshToken.expires).toBe(START + end * MINUTE);
    expect(latest.expires).toBeLessThanOrEqual(START + end * MINUTE);
    world.now = START + end * MINUTE - 1;
    expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual([handle]);
    expect(await sessions.getSessionData(handle)).toEqual({ count: 0 });
    if (latest.expires > world.now) await expect(sessions.getSession(latest.value)).resolves.toBeDefined();
    world.now += 1;
    expect(await sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
    expect(await sessions.getSessionsForUser("alice")).toEqual([]);
    const gone = refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND");
    await expect(sessions.getSessionData(handle)).rejects.toEqual(gone);
    await expect(sessions.updateSessionData(handle, { count: 1 })).rejects.toEqual(gone);
    await expect(sessions.updateJwtPayload(handle, { role: "x" })).rejects.toEqual(gone);
    const expired = refused(AuthError.TRY_REFRESH_TOKEN, "ACCESS_TOKEN_EXPIRED");
    await expect(sessions.getSession(latest.value)).rejects.toEqual(expired);
    const over = refused(AuthError.UNAUTHORISED, "SESSION_EXPIRED");
    await expect(sessions.refreshSession(refreshToken.value)).rejects.toEqual(over);
    world.now -= DAY; // also for a process that starts with its clock set back
    const restarted = world.another({ tokens: { accessToken }, session });
    await expect(restarted.refreshSession(refreshToken.value)).rejects.toEqual(gone);
  });

  test("a revoked session's access token works exactly as long as that mode says", async () => {
    const world = new World({ tokens: { accessToken } });
    const created = await world.signIn();
    const elsewhere = world.another({ tokens: { accessToken } });
    await world.sessions.revokeSessionUsingSessionHandle(created.session.handle);
    world.now = created.accessToken.expires - 1;
    for (const sessions of [world.sessions, elsewhere]) {
      const got = sessions.getSession(created.accessToken.value);
      if (blacklisting === "off") await expect(got).resolves.toEqual({ session: created.session });
      else await expect(got).rejects.toEqual(refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND"));
    }
  });

  test("changed claims are in the next refresh, and in the next getSession where the store is asked", async () => {
    const world = new World({ tokens: { accessToken } });
    const { sessions } = world;
    const {
      session: { handle },
      accessToken: { value },
      refreshToken,
    } = await world.signIn();
    world.now += MINUTE;
    const changed = await sessions.updateJwtPayload(handle, ({ role }) => ({ role: `${role}+admin` }));
    expectTypeOf(changed).toEqualTypeOf<Claims>();
    const got = await sessions.getSession(value);
    expect(got.session.jwtPayload).toEqual({ role: blacklisting === "off" ? "member" : "member+admin" });
    expect(Object.isFrozen(got.session.jwtPayload)).toBe(true);
    expect(got.newAccessToken?.expires).toBe(blacklisting === "off" ? undefined : START + 10 * MINUTE);
    const { newAccessToken, session: refreshed } = await sessions.refreshSession(refreshToken.value);
    const freshlySigned = [newAccessToken, got.newAccessToken ?? newAccessToken];
    const get = (token: TokenInfo): Promise<unknown> => sessions.getSession(token.value, null, { maxAuthAge: "1m" });
    for (const token of freshlySigned) expect(await get(token)).toEqual({ session: refreshed });
    world.now += 1;
    for (const token of freshlySigned) await expect(get(token)).rejects.toBeInstanceOf(StepUpError);
    expect(refreshed.jwtPayload).toEqual({ role: "member+admin" });
  });
});

describe("an update", () => {
  test("in the form of a function loses none of 20 at once, also beside refreshes", async () => {
    const { sessions } = new World();
    const {
      session: { handle },
      refreshToken,
    } = await sessions.createNewSession("alice", { role: "" }, { count: 0 });
    const times = Array.from({ length: 20 });
    await Promise.all([
      ...times.map(() => sessions.updateSessionData(handle, async ({ count }) => ({ count: count + 1 }))),
      ...times.map(() => sessions.updateJwtPayload(handle, ({ role }) => ({ role: `${role}x` }))),
      ...times.map(() => sessions.refreshSession(refreshToken.value)),
    ]);
    expectTypeOf(await sessions.getSessionData(handle)).toEqualTypeOf<Data>();
    expect(await sessions.getSessionData(handle)).toEqual({ count: 20 });
    expect(await sessions.getSessionInfo(handle)).toEqual({ count: 20 });
    const { session } = await sessions.refreshSession(refreshToken.value);
    expect(session.jwtPayload).toEqual({ role: "x".repeat(20) });
    expect(await sessions.updateSessionInfo(handle, { count: -1 })).toEqual({ count: -1 });
    expect(await sessions.getSessionData(handle)).toEqual({ count: -1 });
  });

  test("that is refused, or whose function throws, changes nothing", async () => {
    const { sessions, store } = new World();
    const {
      session: { handle },
    } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    const before = await store.findSession(handle);
    const refusals: [() => Promise<unknown>, unknown][] = [
      [() => sessions.updateJwtPayload(handle, { role: "x".repeat(4000) }), refused(1000, "TOKEN_TOO_LARGE")],
      [() => sessions.updateJwtPayload(handle, { role: 1n as unknown as string }), refused(1000, "VALUE_NOT_JSON")],
      [() => sessions.updateSessionData(handle, { count: Number.NaN }), refused(1000, "VALUE_NOT_JSON")],
      [() => sessions.updateSessionData(handle, () => Promise.reject(new RangeError("mine"))), new RangeError("mine")],
      [() => sessions.updateSessionData("x".repeat(257), { count: 1 }), refused(1000, "ARGUMENT_INVALID")],
      [
        () => sessions.updateSessionData(undefined as unknown as string, { count: 1 }),
        refused(1000, "ARGUMENT_INVALID"),
      ],
    ];
    for (const [operation, error] of refusals) await expect(operation()).rejects.toEqual(error);
    expect(await store.findSession(handle)).toEqual(before);
  });

  test.each(["VALUE_NOT_JSON", "TOKEN_TOO_LARGE", "USER_ID_INVALID", "VALUE_TOO_LARGE"])(
    "or a sign-in with %s leaves nothing behind",
    async (code) => {
      const { sessions, events } = new World();
      const claims = {
        VALUE_NOT_JSON: { role: new Date() as unknown as string },
        TOKEN_TOO_LARGE: { role: "x".repeat(4000) },
      }[code];
      const data = code === "VALUE_TOO_LARGE" ? { count: "1".repeat(1e6) as unknown as number } : undefined;
      const created = sessions.createNewSession(code === "USER_ID_INVALID" ? "" : "alice", claims, data);
      await expect(created).rejects.toEqual(refused(AuthError.GENERAL_ERROR, code));
      expect([await sessions.getAllSessionHandlesForUser("alice"), events]).toEqual([[], []]);
    },
  );
});

test.each([
  [false, "sAccessToken"],
  [true, "__Host-sAccessToken"],
])("with hostPrefix %s the cookie %s never has more than 4096 bytes", async (hostPrefix, name) => {
  const { sessions } = new World({ cookie: { hostPrefix } });
  let longest = 0;
  for (let length = 2500; ; length += 1) {
    try {
      longest = (await sessions.createNewSession("alice", { role: "x".repeat(length) })).accessToken.value.length;
    } catch (error) {
      expect(error).toEqual(refused(AuthError.GENERAL_ERROR, "TOKEN_TOO_LARGE"));
      break;
    }
  }
  expect(name.length + longest).toBeLessThanOrEqual(4096);
  expect(name.length + longest).toBeGreaterThan(4096 - 4);
});

describe("maxPerUser", () => {
  test("ends the oldest session, and nobody else's", async () => {
    const world = new World({ session: { maxPerUser: 2 } });
    const handles: string[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      world.now += 1;
      handles.unshift((await world.signIn()).session.handle);
      await world.signIn(`user ${turn}`);
    }
    expect(await world.sessions.getAllSessionHandlesForUser("alice")).toEqual(handles.slice(0, 2));
    expect(world.events.filter(([name]) => name === "session-revoked").map(([, event]) => event)).toEqual(
      [handles[3], handles[2]].map((handle) => ({ handles: [handle], userId: "alice", reason: "limit" })),
    );
    expect(await world.sessions.getAllSessionHandlesForUser("user 0")).toHaveLength(1);
  });

  test("refuses the new session until one has ended or expired", async () => {
    const world = new World({ session: { maxPerUser: 2, onMaxPerUser: "refuse", idleTimeout: "1h" } });
    const [first] = [await world.signIn(), await world.signIn()];
    const full = refused(AuthError.GENERAL_ERROR, "SESSION_LIMIT_REACHED");
    await expect(world.signIn()).rejects.toEqual(full);
    expect(world.events).toHaveLength(2);
    await world.sessions.revokeSessionUsingSessionHandle(first.session.handle);
    await world.signIn();
    await expect(world.signIn()).rejects.toEqual(full);
    world.now += 60 * MINUTE;
    await world.signIn();
    expect(await world.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(1);
  });
});

// Each step: seconds since the start, token presented, outcome, and a name for the token of the answer.
const YOUNG = "0 a mint b, 6 b renew";
const SIBLINGS = "0 a mint b, 0 a mint c, 30 b confirm d, 31 b mint e";
const ONE_TICK = "0 a mint b, 0 b confirm c, 0 c confirm d";
const SUPERSEDED = "REFRESH_TOKEN_SUPERSEDED";
const THEFT = "TOKEN_THEFT_DETECTED";

test.each([
  ["a lost answer is asked for again and again", "10s", "0 a mint b, 5 a mint c, 9000 a mint d, 9030 b confirm e"],
  ["a child settles for three windows", "10s", `${YOUNG}, 29.999 b renew, 30 b confirm c, 31 b mint d`],
  ["a younger sibling puts the settling off", "10s", "0 a mint b, 20 a mint c, 30 b renew, 50 b confirm d"],
  [
    "the parent works for a window after its child was seen",
    "10s",
    `${YOUNG}, 12 b renew, 16 a mint c, 16.001 a ${THEFT}`,
  ],
  ["the parent is refused softly for a window", "10s", `${SIBLINGS}, 40 a ${SUPERSEDED}, 40.001 a ${THEFT}`],
  ["the sibling is refused softly for a window", "10s", `${SIBLINGS}, 40 c ${SUPERSEDED}, 40.001 c ${THEFT}`],
  [
    "two confirmations old is reuse at once",
    "10s",
    `${SIBLINGS}, 61 e confirm f, 61 a ${THEFT}, 61 f SESSION_NOT_FOUND`,
  ],
  ["the parent's sibling is reuse at once", "10s", `${SIBLINGS}, 61 e confirm f, 61 b ${SUPERSEDED}, 61 c ${THEFT}`],
  ["the loser of two lines ends the session", "10s", `0 a mint v, 1 a mint t, 900 t confirm u, 1800 v ${THEFT}`],
  ["two rotations in one tick are two", "0s", `${ONE_TICK}, 0 c mint e, 0 b ${SUPERSEDED}, 0 a ${THEFT}`],
  ["without a window the next tick is reuse", "0s", `${ONE_TICK}, 0.001 b ${THEFT}`],
] as const)("%s", async (_, window, steps) => {
  const world = new World({ rotation: { window } });
  const created = await world.signIn();
  const tokens = new Map([["a", created.refreshToken.value]]);
  for (const step of steps.split(", ")) {
    const [second, presented = "", expected = "", answer = presented] = step.split(" ");
    world.now = START + Number(second) * SECOND;
    const value = tokens.get(presented) ?? expect.fail(`no token ${presented}`);
    const outcome = await world.sessions.refreshSession(value).then(
      ({ newRefreshToken, newAccessToken, newIdRefreshToken }) => {
        const [name, event] = world.events.at(-1) ?? [];
        const generation = parseMarker(newIdRefreshToken.value)?.generation;
        expect([name, event]).toEqual(["session-refreshed", expect.objectContaining({ userId: "alice", generation })]);
        const known = [...tokens].find(([, token]) => token === newRefreshToken.value)?.[0];
        expect(known).toBe(answer === presented ? presented : undefined);
        expect(newAccessToken.expires).toBe(Math.floor((world.now + 15 * MINUTE) / SECOND) * SECOND);
        expect(newRefreshToken.expires).toBe(world.now + 100 * DAY);
        tokens.set(answer, newRefreshToken.value);
        return (event as { outcome: string }).outcome;
      },
      (error: unknown) => (error as SessionError).code,
    );
    expect([step, outcome]).toEqual([step, expected]);
    const lives = outcome !== THEFT && outcome !== "SESSION_NOT_FOUND";
    expect(await world.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(lives ? 1 : 0);
  }
});

/** A session whose first token was superseded 10 s and 1 ms ago, and whose child was seen 5 s ago. */
async function supersede(world: World): Promise<CreatedSession<Claims> & { current: string }> {
  const { sessions } = world;
  const created = await sessions.createNewSession("alice", { role: "member" }, undefined, {
    device: { label: "Phone" },
  });
  const child = await sessions.refreshSession(created.refreshToken.value);
  world.now += 30 * SECOND;
  const current = child.newRefreshToken.value;
  const { newRefreshToken } = await sessions.refreshSession(current, { device: { userAgent: "curl/8" } });
  world.now += 5001;
  await sessions.refreshSession(newRefreshToken.value);
  world.now += 5000;
  world.events.length = 0;
  return { ...created, current };
}
const EVIDENCE = {
  userId: "alice",
  presented: "superseded",
  presentedGeneration: 1,
  currentGeneration: 2,
  sinceConfirmation: 10_001,
  sinceChildSeen: 5000,
  lastDevice: { label: "Phone", userAgent: "curl" },
  presentingDevice: { ip: "203.0.113.0/24", userAgent: "Firefox on Linux" },
};
const device = {
  ip: "203.0.113.7",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
};

test("reuse ends the session and says whose it was, with the evidence of both sides", async () => {
  const world = new World(withStore);
  const {
    session: { handle },
    refreshToken,
    accessToken,
  } = await supersede(world);
  const presented = world.sessions.refreshSession(refreshToken.value, { device });
  await expect(presented).rejects.toEqual(refused(AuthError.TOKEN_THEFT_DETECTED, "TOKEN_THEFT_DETECTED"));
  await expect(presented).rejects.toBeInstanceOf(TokenTheftError);
  await expect(presented).rejects.toMatchObject({ sessionHandle: handle, userId: "alice" });
  expect(world.events).toEqual([
    ["reuse-detected", { ...EVIDENCE, handle, revoked: true }],
    ["session-revoked", { handles: [handle], userId: "alice", reason: "reuse" }],
  ]);
  await expect(world.sessions.getSession(accessToken.value)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
});

test("reuse of a token that is still the current one, because its child has not settled, is told apart", async () => {
  const world = new World({ rotation: { window: "5m" } });
  const { refreshToken } = await world.signIn();
  const { newRefreshToken } = await world.sessions.refreshSession(refreshToken.value);
  await world.sessions.refreshSession(newRefreshToken.value);
  world.now += 5 * MINUTE + 1;
  await expect(world.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: THEFT });
  const since = { sinceConfirmation: null, sinceChildSeen: 5 * MINUTE + 1 };
  const generations = { presented: "current", presentedGeneration: 1, currentGeneration: 1 };
  expect(world.events.at(-2)).toEqual(["reuse-detected", expect.objectContaining({ ...since, ...generations })]);
});

test("with onReuse report the presenter is refused, the event says so, and the session lives on", async () => {
  const world = new World({ rotation: { onReuse: "report" } });
  const {
    session: { handle },
    refreshToken,
    current,
  } = await supersede(world);
  for (const turn of [1, 2]) {
    const presented = world.sessions.refreshSession(refreshToken.value, { device });
    await expect(presented).rejects.toEqual(refused(AuthError.UNAUTHORISED, "REFRESH_TOKEN_REUSED"));
    expect(world.events.at(-1)).toEqual(["reuse-detected", { ...EVIDENCE, handle, revoked: false }]);
    expect(world.events).toHaveLength(turn);
  }
  await expect(world.sessions.refreshSession(current)).resolves.toMatchObject({ session: { handle } });
});

test("a client that is ahead of a restored store is refused without an alarm", async () => {
  const world = new World({ rotation: { window: "0s" } });
  const {
    session: { handle },
    refreshToken,
  } = await world.signIn();
  const backup = (await world.store.findSession(handle)) ?? expect.fail("there is no row");
  let token = refreshToken.value;
  for (let turn = 0; turn < 4; turn += 1) token = (await world.sessions.refreshSession(token)).newRefreshToken.value;
  await world.store.deleteSession(handle);
  await world.store.createSession(backup, undefined);
  world.events.length = 0;
  const presented = world.sessions.refreshSession(token);
  await expect(presented).rejects.toEqual(refused(AuthError.UNAUTHORISED, "STORE_BEHIND"));
  expect(world.events).toEqual([
    ["store-behind", { handle, userId: "alice", presentedGeneration: 5, storedGeneration: 1 }],
  ]);
  await expect(world.sessions.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { handle } });
});

test("what the store throws becomes STORE_UNAVAILABLE with its cause, and the same instance recovers", async () => {
  const store = memory();
  const cause = new RangeError("the disk is full");
  let down = true;
  const prepare = async (): Promise<void> => (down ? Promise.reject(cause) : store.prepare());
  const sessions = createSessions({ store: { ...store, prepare }, secret: SECRET });
  for (const operation of [
    () => sessions.ready(),
    () => sessions.getJwks(),
    () => sessions.createNewSession("alice"),
  ]) {
    await expect(operation()).rejects.toMatchObject({ errType: 1000, code: "STORE_UNAVAILABLE", cause });
  }
  down = false;
  await expect(sessions.createNewSession("alice")).resolves.toBeDefined();
});

test("what the store throws before it returns a promise becomes STORE_UNAVAILABLE, too", async () => {
  const cause = new RangeError("not even a promise");
  const findSession = (): never => {
    throw cause;
  };
  const sessions = createSessions({ store: { ...memory(), findSession }, secret: SECRET });
  const { refreshToken } = await sessions.createNewSession("alice");
  const refreshed = sessions.refreshSession(refreshToken.value);
  await expect(refreshed).rejects.toMatchObject({ errType: 1000, code: "STORE_UNAVAILABLE", cause });
});

test("a fault that the store has put into words comes through as it is", async () => {
  const fault = new SessionError(AuthError.GENERAL_ERROR, "SCHEMA_TOO_NEW", "update the package");
  const sessions = createSessions({ store: { ...memory(), prepare: () => Promise.reject(fault) }, secret: SECRET });
  await expect(sessions.ready()).rejects.toBe(fault);
});

test("a session that ends while it is being refreshed or changed yields nothing and stays ended", async () => {
  const store = memory();
  const operations: readonly ((sessions: Sessions, created: CreatedSession<unknown>) => Promise<unknown>)[] = [
    (sessions, { refreshToken }) => sessions.refreshSession(refreshToken.value),
    (sessions, { session }) => sessions.updateSessionData(session.handle, () => 1),
    (sessions, { session }) => sessions.updateJwtPayload(session.handle, () => 1),
  ];
  for (const operation of operations) {
    const endsFirst = { ...store };
    for (const name of ["commitRefresh", "replaceData", "replaceClaims"] as const) {
      endsFirst[name] = async (handle: string, version: number, value: never): Promise<boolean> => {
        await store.deleteSession(handle);
        return store[name](handle, version, value);
      };
    }
    const sessions = createSessions({ store: endsFirst, secret: SECRET });
    const created = await sessions.createNewSession("alice");
    const gone = refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND");
    await expect(operation(sessions, created)).rejects.toEqual(gone);
    expect(await store.findSession(created.session.handle)).toBeUndefined();
  }
});

test("reuse ends the session also when something changes it at the same moment, with one alarm", async () => {
  const store = memory();
  let changes = 0;
  const deleteSessionAtVersion: SessionStore["deleteSessionAtVersion"] = async (handle, version) => {
    if ((changes += 1) <= 2) await store.replaceData(handle, version, "{}");
    return store.deleteSessionAtVersion(handle, version);
  };
  const world = new World({ store: { ...store, deleteSessionAtVersion } });
  const { session, refreshToken } = await supersede(world);
  await expect(world.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: THEFT });
  expect(changes).toBe(3);
  expect(world.events.map(([name]) => name)).toEqual(["reuse-detected", "session-revoked"]);
  expect(await store.findSession(session.handle)).toBeUndefined();
});

test("where the store is asked a session ends when another process has shortened it", async () => {
  const world = new World(withStore);
  const { accessToken, refreshToken } = await world.signIn();
  const tokens = { accessToken: { validity: "1m" } } as const;
  await world.another({ tokens, session: { idleTimeout: "1m" } }).refreshSession(refreshToken.value);
  world.now += MINUTE;
  const gone = refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND");
  await expect(world.sessions.getSession(accessToken.value)).rejects.toEqual(gone);
});

test("expired sessions are swept, 200 with a request that writes, at most once a minute when there are no more", async () => {
  const world = new World();
  let sweeps = 0;
  const deleteExpiredSessions: SessionStore["deleteExpiredSessions"] = async (now, limit) => {
    sweeps += 1;
    const removed = await world.store.deleteExpiredSessions(now, limit);
    if (sweeps === 4) throw new Error("the fourth sweep failed");
    return removed;
  };
  const sessions = world.another({ store: { ...world.store, deleteExpiredSessions }, session: { idleTimeout: "1h" } });
  const handles: string[] = [];
  for (let turn = 0; turn < 450; turn += 1) handles.push((await sessions.createNewSession("alice")).session.handle);
  const left = async (): Promise<number> =>
    (await Promise.all(handles.map((handle) => world.store.findSession(handle)))).filter((row) => row !== undefined)
      .length;
  world.now += 60 * MINUTE;
  for (const expected of [250, 50, 0]) {
    await sessions.createNewSession("bob");
    expect(await left()).toBe(expected);
  }
  expect(sweeps).toBe(4); // one with the very first sign-in, which found nothing
  await sessions.createNewSession("bob");
  expect(sweeps).toBe(4);
});

test("what is no token is refused, whatever it is", async () => {
  const { sessions } = new World();
  for (const token of [undefined, null, 5, {}, "", "x", "a.b.c", "x".repeat(1e6)] as string[]) {
    await expect(sessions.getSession(token)).rejects.toMatchObject({ errType: AuthError.TRY_REFRESH_TOKEN });
    await expect(sessions.refreshSession(token)).rejects.toMatchObject({ errType: AuthError.UNAUTHORISED });
  }
});

test("after close everything fails with CLOSED, and the store was closed once", async () => {
  let closings = 0;
  const sessions = createSessions({ store: { ...memory(), close: async () => void (closings += 1) }, secret: SECRET });
  const { session, accessToken, refreshToken } = await sessions.createNewSession("alice");
  await Promise.all([sessions.close(), sessions.close()]);
  await sessions.close();
  const operations: Record<Exclude<keyof Sessions, "close" | "on">, () => Promise<unknown>> = {
    createNewSession: () => sessions.createNewSession("alice"),
    getSession: () => sessions.getSession(accessToken.value),
    refreshSession: () => sessions.refreshSession(refreshToken.value),
    revokeSessionUsingSessionHandle: () => sessions.revokeSessionUsingSessionHandle(session.handle),
    revokeAllSessionsForUser: () => sessions.revokeAllSessionsForUser("alice"),
    revokeAllSessions: () => sessions.revokeAllSessions(),
    getAllSessionHandlesForUser: () => sessions.getAllSessionHandlesForUser("alice"),
    getSessionsForUser: () => sessions.getSessionsForUser("alice"),
    getSessionData: () => sessions.getSessionData(session.handle),
    updateSessionData: () => sessions.updateSessionData(session.handle, {}),
    getSessionInfo: () => sessions.getSessionInfo(session.handle),
    updateSessionInfo: () => sessions.updateSessionInfo(session.handle, {}),
    updateJwtPayload: () => sessions.updateJwtPayload(session.handle, {}),
    rotateSigningKey: () => sessions.rotateSigningKey(),
    getJwks: () => sessions.getJwks(),
    ready: () => sessions.ready(),
  };
  for (const operation of Object.values(operations)) {
    await expect(operation()).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "CLOSED"));
  }
  expect(closings).toBe(1);
});

test("close lets the store finish what it was asked, closes it, and asks it nothing more", async () => {
  const store = memory();
  const order: string[] = [];
  let openGate = (): void => undefined;
  const gate = new Promise<void>((resolve) => (openGate = resolve));
  const findSession: SessionStore["findSession"] = async (handle) => {
    await gate;
    order.push("found");
    return store.findSession(handle);
  };
  const close = async (): Promise<void> => void order.push("closed");
  const sessions = createSessions({ store: { ...store, findSession, close }, secret: SECRET });
  const { session, refreshToken } = await sessions.createNewSession("alice", {}, { count: 1 });
  const reading = sessions.getSessionData(session.handle);
  const refreshing = expect(sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: "CLOSED" });
  await setImmediate(); // the store has been asked
  const closing = sessions.close();
  await setImmediate();
  openGate();
  await closing;
  expect(await reading).toEqual({ count: 1 });
  await refreshing; // its next step came too late
  expect(order).toEqual(["found", "found", "closed"]);
});

test("isErrorFromAuth knows the errors of the library and never throws", async () => {
  const fail = (): never => JSON.parse("{") as never;
  const hostile = [{}, new Error("x")].map(
    (target) => new Proxy(target, { get: fail, getPrototypeOf: fail, has: fail }),
  );
  const halfHostile = new Proxy(new Error("x"), { get: fail });
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const brand = { [Symbol.for("counterfoil.error")]: true };
  const lookalikes = [brand, { errType: 2000 }, Object.assign(new Error("x"), { errType: 2000, code: "CLOSED" })];
  const realms: unknown[] = [runInNewContext("new Error('x')"), runInNewContext("({ errType: 2000 })")];
  const others: unknown[] = [undefined, null, 0, "", Symbol("x"), fail, Object.create(null), new Error("x")];
  for (const value of [...lookalikes, ...realms, ...others, ...hostile, halfHostile, proxy]) {
    expect(AuthError.isErrorFromAuth(value)).toBe(false);
  }
  const ours = [new SessionError(2000, "SESSION_NOT_FOUND", "x"), new TokenTheftError("h", 1), new StepUpError(1)];
  for (const error of ours) expect([AuthError.isErrorFromAuth(error), error instanceof Error]).toEqual([true, true]);
  expect(AuthError.isErrorFromAuth(Object.assign(new Error("of another copy of the package"), brand))).toBe(true);
  expect(AuthError.UNAUTHORISED_AND_TOKEN_THEFT_DETECTED).toBe(AuthError.TOKEN_THEFT_DETECTED);
});
