import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { DAY, MINUTE, SECRET, START } from "../../../test/fixtures/constants.ts";
import { refused, World } from "../../../test/fixtures/session-world.ts";
import {
  type CreatedSession,
  createSessions,
  Error as AuthError,
  SessionError,
  type Sessions,
  StepUpError,
  TokenTheftError,
} from "../../index.ts";
import { memory } from "../../memory.ts";

test("timeouts that were made shorter hold for the sessions that there are, on every path", async () => {
  const world = new World();
  const { accessToken, refreshToken, session } = await world.signIn();
  const strict = world.another({ preset: "standard", tokens: { accessToken: { revocation: "store" } } });
  world.now += 59 * MINUTE;
  await expect(strict.getSessionData(session.handle)).resolves.toEqual({ count: 0 });
  world.now += 1 * MINUTE;
  await expect(strict.getSessionData(session.handle)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
  expect(await strict.getAllSessionHandlesForUser("alice")).toEqual([]);
  await expect(strict.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: "SESSION_EXPIRED" });
  await expect(strict.getSession(accessToken.value)).rejects.toMatchObject({ code: "ACCESS_TOKEN_EXPIRED" });
});

describe.each(["off", "store"] as const)("with revocation %s", (revocation) => {
  const accessToken = { revocation, validity: "10m" } as const;

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
});

test("a session that ends while it is being refreshed or changed yields nothing and stays ended", async () => {
  const store = memory();
  const operations: readonly ((sessions: Sessions, created: CreatedSession) => Promise<unknown>)[] = [
    (sessions, { refreshToken }) => sessions.refreshSession(refreshToken.value),
    (sessions, { session }) => sessions.updateSessionData(session.handle, () => 1),
    (sessions, { session }) => sessions.updateJwtPayload(session.handle, () => 1),
    (sessions, { session }) => sessions.renameSession(session.handle, "Phone"),
    (sessions, { session }) => sessions.reauthenticate(session.handle),
  ];
  for (const operation of operations) {
    const endsFirst = { ...store };
    for (const name of ["commitRefresh", "replaceData", "replaceClaims", "replaceLabel", "replaceSignIn"] as const) {
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

test("what the store throws when it closes becomes STORE_UNAVAILABLE, too, and the instance is closed all the same", async () => {
  const cause = new RangeError("not even a promise");
  const close = (): never => {
    throw cause;
  };
  const sessions = createSessions({ store: { ...memory(), close }, secret: SECRET });
  await sessions.ready();
  await expect(sessions.close()).rejects.toMatchObject({ errType: 1000, code: "STORE_UNAVAILABLE", cause });
  await expect(sessions.createNewSession("alice")).rejects.toMatchObject({ code: "CLOSED" });
  await expect(sessions.close()).resolves.toBeUndefined();
});

test("a fault that the store has put into words comes through as it is", async () => {
  const fault = new SessionError(AuthError.GENERAL_ERROR, "SCHEMA_TOO_NEW", "update the package");
  const sessions = createSessions({ store: { ...memory(), prepare: () => Promise.reject(fault) }, secret: SECRET });
  await expect(sessions.ready()).rejects.toBe(fault);
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
  const operations: Record<
    Exclude<keyof Sessions, "close" | "on" | "stats" | "observeStore" | "cookieNames" | "in">,
    () => Promise<unknown>
  > = {
    createNewSession: () => sessions.createNewSession("alice"),
    getSession: () => sessions.getSession(accessToken.value),
    refreshSession: () => sessions.refreshSession(refreshToken.value),
    revokeSessionUsingSessionHandle: () => sessions.revokeSessionUsingSessionHandle(session.handle),
    revokeAllSessionsForUser: () => sessions.revokeAllSessionsForUser("alice"),
    forgetUser: () => sessions.forgetUser("alice"),
    revokeAllSessions: () => sessions.revokeAllSessions(),
    getAllSessionHandlesForUser: () => sessions.getAllSessionHandlesForUser("alice"),
    getSessionsForUser: () => sessions.getSessionsForUser("alice"),
    getSessionData: () => sessions.getSessionData(session.handle),
    updateSessionData: () => sessions.updateSessionData(session.handle, {}),
    getSessionInfo: () => sessions.getSessionInfo(session.handle),
    updateSessionInfo: () => sessions.updateSessionInfo(session.handle, {}),
    reauthenticate: () => sessions.reauthenticate(session.handle),
    renameSession: () => sessions.renameSession(session.handle, null),
    updateJwtPayload: () => sessions.updateJwtPayload(session.handle, {}),
    getAuditForUser: () => sessions.getAuditForUser("alice", { limit: 1 }),
    getAudit: () => sessions.getAudit({ limit: 1 }),
    rotateSigningKey: () => sessions.rotateSigningKey(),
    getJwks: () => sessions.getJwks(),
    sweep: () => sessions.sweep(),
    ready: () => sessions.ready(),
  };
  for (const operation of Object.values(operations)) {
    await expect(operation()).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "CLOSED"));
  }
  expect(() => sessions.in({ query: () => undefined })).toThrow(expect.objectContaining({ code: "CLOSED" }));
  expect(closings).toBe(1);
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
