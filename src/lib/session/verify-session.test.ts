import { describe, expect, expectTypeOf, test } from "vitest";
import { HOUR, MINUTE, START } from "../../../test/fixtures/constants.ts";
import { type Claims, refused, withStore, World } from "../../../test/fixtures/session-world.ts";
import { Error as AuthError, getSession, type Sessions, StepUpError, type TokenInfo } from "../../index.ts";
import { setDefaultInstance } from "./default-instance.ts";

test("a session is verified with the same facts, whose claims are frozen", async () => {
  const { sessions, store } = new World();
  const { accessToken, session } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const verified = await sessions.getSession(accessToken.value);
  expectTypeOf(verified.session.jwtPayload).toEqualTypeOf<Claims>();
  expect(verified).toEqual({ session });
  expect(Object.isFrozen(verified.session.jwtPayload)).toBe(true);
  expect(await store.findSession(session.handle)).toMatchObject({ version: 1, userKey: '"alice"' });
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
  const [own, other] = [
    await sessions.createNewSession("alice", { role: "member" }, { count: 0 }),
    await sessions.createNewSession("alice", { role: "member" }, { count: 0 }),
  ];
  const given = choose(own.antiCsrfToken ?? "", other.antiCsrfToken ?? "");
  for (const before of [undefined, own.antiCsrfToken]) {
    await sessions.getSession(own.accessToken.value, before);
    const verified = sessions.getSession(own.accessToken.value, given);
    if (isRight) await expect(verified).resolves.toMatchObject({ session: own.session });
    else await expect(verified).rejects.toEqual(refused(AuthError.TRY_REFRESH_TOKEN, "ANTI_CSRF_MISMATCH"));
  }
});

describe('antiCsrf: "required"', () => {
  const required = { antiCsrf: "required" } as const;

  test.each([undefined, null])("refuses %s, and checks a token as ever", async (absent) => {
    const { sessions } = new World();
    const { accessToken, antiCsrfToken = "" } = await sessions.createNewSession(
      "alice",
      { role: "member" },
      { count: 0 },
    );
    const get = (given: string | null | undefined): Promise<unknown> =>
      sessions.getSession(accessToken.value, given, required);
    await expect(get(absent)).rejects.toEqual(refused(AuthError.TRY_REFRESH_TOKEN, "ANTI_CSRF_MISSING"));
    await expect(get("")).rejects.toEqual(refused(AuthError.TRY_REFRESH_TOKEN, "ANTI_CSRF_MISMATCH"));
    await expect(get(antiCsrfToken)).resolves.toBeDefined();
    // Also after the token has been seen once.
    await expect(get(absent)).rejects.toEqual(refused(AuthError.TRY_REFRESH_TOKEN, "ANTI_CSRF_MISSING"));
  });

  test("comes after the access token's own faults, and before the store", async () => {
    const world = new World(withStore);
    const { accessToken, session } = await world.sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    const get = (token = accessToken.value): Promise<unknown> => world.sessions.getSession(token, undefined, required);
    await expect(get("not a token")).rejects.toMatchObject({ code: "ACCESS_TOKEN_INVALID" });
    await world.sessions.revokeSessionUsingSessionHandle(session.handle);
    await expect(get()).rejects.toMatchObject({ code: "ANTI_CSRF_MISSING" });
    world.now += HOUR;
    await expect(get()).rejects.toMatchObject({ code: "ACCESS_TOKEN_EXPIRED" });
  });

  test("is refused where there are no anti-CSRF tokens, and so is any other value", async () => {
    const { sessions } = new World({ tokens: { enableAntiCsrf: false } });
    const { accessToken } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    const invalid = { errType: AuthError.GENERAL_ERROR, code: "ARGUMENT_INVALID" };
    await expect(sessions.getSession(accessToken.value, null, required)).rejects.toMatchObject(invalid);
    const misspelt = { antiCsrf: true } as never;
    await expect(new World().sessions.getSession("", null, misspelt)).rejects.toMatchObject(invalid);
  });
});

describe("an anti-CSRF token that is undefined", () => {
  /** What a call warns of. */
  async function warningsOf(call: (sessions: Sessions, token: string) => Promise<unknown>): Promise<unknown[]> {
    const { sessions } = new World();
    const { accessToken } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    // Warnings come in a tick of their own; none of an earlier test.
    const tick = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));
    await tick();
    const codes: unknown[] = [];
    const listen = (warning: NodeJS.ErrnoException): void => void codes.push(warning.code);
    process.on("warning", listen);
    await call(sessions, accessToken.value);
    await call(sessions, accessToken.value);
    await tick();
    process.off("warning", listen);
    return codes;
  }

  test("warns once, when it is given as such, also before other options", async () => {
    const warned = ["COUNTERFOIL_ANTI_CSRF"];
    expect(await warningsOf((sessions, token) => sessions.getSession(token, undefined))).toEqual(warned);
    const options = { maxAuthAge: "10m" } as const;
    expect(await warningsOf((sessions, token) => sessions.getSession(token, undefined, options))).toEqual(warned);
  });

  test("does not when it is left out, null, a token, or refused", async () => {
    expect(await warningsOf((sessions, token) => sessions.getSession(token))).toEqual([]);
    expect(await warningsOf((sessions, token) => sessions.getSession(token, null))).toEqual([]);
    expect(await warningsOf((sessions, token) => sessions.getSession(token, "x").catch(() => 0))).toEqual([]);
    const required = { antiCsrf: "required" } as const;
    expect(
      await warningsOf((sessions, token) => sessions.getSession(token, undefined, required).catch(() => 0)),
    ).toEqual([]);
  });

  test("is told by the function of the package root in the same way", async () => {
    const seen = async (call: (token: string) => Promise<unknown>): Promise<unknown[]> =>
      warningsOf(async (sessions, token) => {
        const before = setDefaultInstance(sessions);
        await call(token);
        if (before) setDefaultInstance(before);
      });
    expect(await seen((token) => getSession(token))).toEqual([]);
    expect(await seen((token) => getSession(token, undefined))).toEqual(["COUNTERFOIL_ANTI_CSRF"]);
  });
});

test("without enableAntiCsrf there is no anti-CSRF token and none is checked", async () => {
  const { sessions } = new World({ tokens: { enableAntiCsrf: false } });
  const { antiCsrfToken, refreshToken } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const { newAntiCsrfToken, newAccessToken } = await sessions.refreshSession(refreshToken.value);
  expect([antiCsrfToken, newAntiCsrfToken]).toEqual([undefined, undefined]);
  await expect(sessions.getSession(newAccessToken.value, "anything")).resolves.toBeDefined();
});

describe("maxAuthAge", () => {
  test("asks for a step-up once the sign-in is older, whatever was refreshed since", async () => {
    const world = new World(withStore);
    const { sessions } = world;
    const created = await sessions.createNewSession(
      "alice",
      { role: "member" },
      { count: 0 },
      { authTime: START - 5 * MINUTE },
    );
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
    const { accessToken } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    for (const maxAuthAge of [600, "10", "", null] as unknown as "10m"[]) {
      const got = sessions.getSession(accessToken.value, null, { maxAuthAge });
      await expect(got).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
    }
    for (const authTime of [START + 1, -1, 1.5, Number.NaN, "0" as unknown as number]) {
      const created = sessions.createNewSession("alice", { role: "member" }, { count: 0 }, { authTime });
      await expect(created).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
    }
  });
});

describe.each(["off", "store"] as const)("with revocation %s", (revocation) => {
  const accessToken = { revocation, validity: "10m" } as const;

  test("a revoked session's access token works exactly as long as that mode says", async () => {
    const world = new World({ tokens: { accessToken } });
    const created = await world.signIn();
    const elsewhere = world.another({ tokens: { accessToken } });
    await world.sessions.revokeSessionUsingSessionHandle(created.session.handle);
    world.now = created.accessToken.expires - 1;
    for (const sessions of [world.sessions, elsewhere]) {
      const got = sessions.getSession(created.accessToken.value);
      if (revocation === "off") await expect(got).resolves.toEqual({ session: created.session });
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
    expect(got.session.jwtPayload).toEqual({ role: revocation === "off" ? "member" : "member+admin" });
    expect(Object.isFrozen(got.session.jwtPayload)).toBe(true);
    expect(got.newAccessToken?.expires).toBe(revocation === "off" ? undefined : START + 10 * MINUTE);
    const { newAccessToken, session: refreshed } = await sessions.refreshSession(refreshToken.value);
    const freshlySigned = [newAccessToken, got.newAccessToken ?? newAccessToken];
    const get = (token: TokenInfo): Promise<unknown> => sessions.getSession(token.value, null, { maxAuthAge: "1m" });
    for (const token of freshlySigned) expect(await get(token)).toEqual({ session: refreshed });
    world.now += 1;
    for (const token of freshlySigned) await expect(get(token)).rejects.toBeInstanceOf(StepUpError);
    expect(refreshed.jwtPayload).toEqual({ role: "member+admin" });
  });
});

test("with revocation feed a revoked session's access token is refused at once here, and within the bound elsewhere", async () => {
  const config = { tokens: { accessToken: { revocation: "feed", feed: { bound: "1s" } } } } as const;
  const world = new World(config);
  const elsewhere = world.another(config);
  const [one, other] = [await world.signIn(), await world.signIn()];
  const get = (sessions: typeof elsewhere, { accessToken }: typeof one): Promise<unknown> =>
    sessions.getSession(accessToken.value);
  for (const created of [one, other]) await expect(get(elsewhere, created)).resolves.toBeDefined();
  await world.sessions.revokeSessionUsingSessionHandle(one.session.handle);
  const gone = refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND");
  await expect(get(world.sessions, one)).rejects.toEqual(gone);
  world.now += 1001;
  await expect(get(elsewhere, one)).rejects.toEqual(gone);
  await expect(get(elsewhere, other)).resolves.toBeDefined();
  await world.sessions.revokeAllSessionsForUser("alice");
  world.now += 1001;
  for (const sessions of [world.sessions, elsewhere]) await expect(get(sessions, other)).rejects.toEqual(gone);
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

test("an access token that was seen to expire stays expired when the clock jumps back an hour", async () => {
  const world = new World();
  const { sessions } = world;
  const { accessToken } = await world.signIn();
  world.now = accessToken.expires;
  await expect(sessions.getSession(accessToken.value)).rejects.toMatchObject({ code: "ACCESS_TOKEN_EXPIRED" });
  world.now -= HOUR;
  await expect(sessions.getSession(accessToken.value)).rejects.toMatchObject({ code: "ACCESS_TOKEN_EXPIRED" });
});
