import { describe, expect, expectTypeOf, test } from "vitest";
import { DAY, MINUTE, SECOND, START } from "../../../test/fixtures/constants.ts";
import { type Claims, refused, World } from "../../../test/fixtures/session-world.ts";
import { Error as AuthError } from "../../index.ts";
import { memory } from "../../memory.ts";
import { parseMarker } from "../../protocol.ts";

test("a session is made with everything that a client needs", async () => {
  const world = new World();
  const created = await world.signIn();
  expectTypeOf(created.session.jwtPayload).toEqualTypeOf<Claims>();
  const { handle } = created.session;
  expect(created).toEqual({
    session: {
      handle: expect.stringMatching(/^[\w-]{24}$/) as string,
      userId: "alice",
      jwtPayload: { role: "member" },
    },
    accessToken: {
      value: expect.stringMatching(/^ey[\w-]+\.ey[\w-]+\.[\w-]{43}$/) as string,
      expires: START + 15 * MINUTE,
    },
    refreshToken: { value: expect.stringMatching(/^cfr1\.[\w-]{148}$/) as string, expires: START + 100 * DAY },
    idRefreshToken: { value: expect.any(String) as string, expires: START + 100 * DAY },
    antiCsrfToken: expect.stringMatching(/^[\w-]{43}$/) as string,
  });
  const marker = { handle, generation: 1, issuedAt: START, accessExpires: START + 15 * MINUTE };
  expect(parseMarker(created.idRefreshToken.value)).toEqual(marker);
  expect(world.events).toEqual([["session-created", { handle, userId: "alice", device: {} }]]);
});

test.each(["VALUE_NOT_JSON", "TOKEN_TOO_LARGE", "USER_ID_INVALID", "VALUE_TOO_LARGE"])(
  "a sign-in with %s leaves nothing behind",
  async (code) => {
    const { sessions, events } = new World();
    const claims = {
      VALUE_NOT_JSON: { role: new Date() as unknown as string },
      TOKEN_TOO_LARGE: { role: "x".repeat(4000) },
    }[code] ?? { role: "member" };
    const data = code === "VALUE_TOO_LARGE" ? { count: "1".repeat(1e6) as unknown as number } : { count: 0 };
    const created = sessions.createNewSession(code === "USER_ID_INVALID" ? "" : "alice", claims, data);
    await expect(created).rejects.toEqual(refused(AuthError.GENERAL_ERROR, code));
    expect([await sessions.getAllSessionHandlesForUser("alice"), events]).toEqual([[], []]);
  },
);

test.each([
  [false, undefined, "sAccessToken"],
  [true, undefined, "__Host-sAccessToken"],
  [true, "a-prefix-as-long-as-it-may-be-32", "__Host-a-prefix-as-long-as-it-may-be-32sAccessToken"],
])(
  "with hostPrefix %s and prefix %s the cookie %s never has more than 4096 bytes",
  async (hostPrefix, prefix, name) => {
    const { sessions } = new World({ cookie: { hostPrefix, prefix } });
    let longest = 0;
    for (let length = 2500; ; length += 1) {
      try {
        longest = (await sessions.createNewSession("alice", { role: "x".repeat(length) }, { count: 0 })).accessToken
          .value.length;
      } catch (error) {
        expect(error).toEqual(refused(AuthError.GENERAL_ERROR, "TOKEN_TOO_LARGE"));
        break;
      }
    }
    expect(name.length + longest).toBeLessThanOrEqual(4096);
    expect(name.length + longest).toBeGreaterThan(4096 - 4);
  },
);

test.each([
  [{}, undefined, undefined],
  [{}, { persistent: true }, undefined],
  [{}, { persistent: false }, false],
  [{ session: { persistent: false } }, undefined, false],
  [{ session: { persistent: false } }, { persistent: true }, undefined],
  [{ preset: "strict" }, {}, false],
] as const)(
  "with the config %j and the options %j every token says persistent: %s",
  async (config, options, expected) => {
    const world = new World({ ...config, tokens: { accessToken: { revocation: "store" } } });
    const { sessions } = world;
    const created = await sessions.createNewSession("alice", { role: "member" }, { count: 0 }, options);
    await sessions.updateJwtPayload(created.session.handle, { role: "admin" });
    const { newAccessToken } = await sessions.getSession(created.accessToken.value, null);
    const first = await sessions.refreshSession(created.refreshToken.value);
    world.now += 30 * SECOND;
    const second = await sessions.refreshSession(first.newRefreshToken.value);
    const tokens = [created.accessToken, created.refreshToken, created.idRefreshToken, newAccessToken].concat(
      [first, second].flatMap((one) => [one.newAccessToken, one.newRefreshToken, one.newIdRefreshToken]),
    );
    expect(tokens.map((token) => token?.persistent)).toEqual(tokens.map(() => expected));
    expect(tokens.every((token) => token !== undefined && "persistent" in token)).toBe(expected === false);
  },
);

test.each([0, "false", null])("persistent: %j is refused", async (persistent) => {
  const { sessions } = new World();
  const created = sessions.createNewSession("alice", { role: "member" }, { count: 0 }, { persistent } as object);
  await expect(created).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
});

test("a row of earlier code has persistent cookies", async () => {
  const store = memory();
  const create = store.createSession.bind(store);
  store.createSession = (record, ...rest) => create({ ...record, persistent: null }, ...rest);
  const world = new World({ store });
  const { refreshToken } = await world.signIn();
  const { newRefreshToken } = await world.sessions.refreshSession(refreshToken.value);
  expect(newRefreshToken.persistent).toBeUndefined();
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

  /** Ended sessions by event, in order. */
  const endedIn = (world: World): readonly string[] =>
    world.events
      .filter(([name]) => name === "session-revoked")
      .flatMap(([, event]) => {
        expect(event).toMatchObject({ userId: "alice", reason: "limit" });
        return (event as { readonly handles: readonly string[] }).handles;
      });

  async function signInOften(world: World, count: number): Promise<string[]> {
    const handles: string[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      world.now += 1;
      handles.push((await world.signIn()).session.handle);
    }
    return handles;
  }

  test.each([{}, { onMaxPerUser: "end-oldest" }, { maxPerUser: 100 }] as const)(
    "is 100 by default, and the oldest session ends: %j",
    async (session) => {
      const world = new World({ session });
      const handles = await signInOften(world, 103);
      expect(endedIn(world)).toEqual(handles.slice(0, 3));
      const left = await world.sessions.getAllSessionHandlesForUser("alice");
      expect(left).toEqual(handles.slice(3).toReversed());
    },
  );

  test("a user who had more before there was a limit loses the oldest 100 with each sign-in", async () => {
    const before = new World({ session: { maxPerUser: false } });
    const handles = await signInOften(before, 320);
    expect(endedIn(before)).toEqual([]);
    const world = new World({}, before);
    for (const left of [221, 122, 100, 100]) {
      handles.push(...(await signInOften(world, 1)));
      expect(await world.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(left);
    }
    expect(endedIn(world).toSorted()).toEqual(handles.slice(0, 224).toSorted());
  });

  test("onMaxPerUser alone refuses the 101st session", async () => {
    const world = new World({ session: { onMaxPerUser: "refuse" } });
    await signInOften(world, 100);
    await expect(world.signIn()).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "SESSION_LIMIT_REACHED"));
  });

  test("false is no limit", async () => {
    const world = new World({ session: { maxPerUser: false } });
    await signInOften(world, 120);
    expect(await world.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(120);
  });
});
