import { join } from "node:path";
import {
  createSessions,
  Error as AuthError,
  type CounterfoilConfig,
  type CreatedSession,
  type Sessions,
} from "counterfoil";
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { caught, outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";
import { FAULT, switchable, type SwitchableStore } from "./switchable-store.ts";

const DOWN = "GENERAL_ERROR/STORE_UNAVAILABLE";
const SETTLED = 30_000;

describe.each<[string, () => SessionStore]>([
  ["memory", () => memory()],
  ["sqlite", () => sqlite({ path: join(temporaryFolder(), "sessions.db") })],
])("%s", (_, makeStore) => {
  let inner: SessionStore;
  let connection: SwitchableStore;
  let now: number;
  let alarms: string[];

  beforeEach(() => {
    inner = makeStore();
    connection = switchable(inner);
    now = T0;
    alarms = [];
  });

  function open(config: CounterfoilConfig = {}, store = connection.store): Sessions {
    const sessions = createSessions({ store, secret: SECRET, clock: () => now, ...config });
    for (const event of ["reuse-detected", "store-behind"] as const) sessions.on(event, () => alarms.push(event));
    return sessions;
  }

  /** Every call that needs the store. */
  const callsOn = (sessions: Sessions, { session, refreshToken }: CreatedSession): Promise<unknown>[] => [
    sessions.createNewSession("bob"),
    sessions.refreshSession(refreshToken.value),
    sessions.revokeSessionUsingSessionHandle(session.handle),
    sessions.revokeAllSessionsForUser("alice"),
    sessions.revokeAllSessions(),
    sessions.getAllSessionHandlesForUser("alice"),
    sessions.getSessionsForUser("alice"),
    sessions.getSessionData(session.handle),
    sessions.updateSessionData(session.handle, { n: 2 }),
    sessions.updateJwtPayload(session.handle, { role: "none" }),
    sessions.rotateSigningKey(),
  ];

  test("while it is down, what needs it says so with the cause; what does not goes on; nobody is logged out", async () => {
    const sessions = open();
    const created = await sessions.createNewSession("alice", { role: "admin" }, { n: 1 });
    const { session, accessToken, refreshToken, antiCsrfToken } = created;
    connection.down();
    for (const call of callsOn(sessions, created)) {
      const error = await caught(call);
      expect(error).toMatchObject({ errType: AuthError.GENERAL_ERROR, code: "STORE_UNAVAILABLE" });
      expect(error.cause).toBe(FAULT);
    }
    // Minutes later too, when keys and expired rows would be looked after.
    for (const minutes of [0, 1, 5, 14]) {
      now = T0 + minutes * 60_000;
      expect((await sessions.getSession(accessToken.value, antiCsrfToken)).session).toEqual(session);
      expect(await outcomeOf(sessions.getJwks())).toBe("ok");
      expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe(DOWN);
    }
    connection.up();
    const { newRefreshToken } = await sessions.refreshSession(refreshToken.value);
    now += SETTLED;
    expect((await sessions.refreshSession(newRefreshToken.value)).session).toEqual(session);
    expect(await sessions.getSessionData(session.handle)).toEqual({ n: 1 });
    expect(await sessions.getAllSessionHandlesForUser("bob")).toEqual([]);
    expect(await sessions.revokeSessionUsingSessionHandle(session.handle)).toBe(true);
    expect(alarms).toEqual([]);
  });

  test('with revocation "store" a request is refused as unavailable, and served again afterwards', async () => {
    const sessions = open({ tokens: { accessToken: { revocation: "store" } } });
    const { accessToken } = await sessions.createNewSession("alice");
    connection.down();
    expect((await caught(sessions.getSession(accessToken.value))).cause).toBe(FAULT);
    connection.up();
    expect(await outcomeOf(sessions.getSession(accessToken.value))).toBe("ok");
  });

  test("down at the start: every call says so, and the same instance works when it is up", async () => {
    const sessions = open();
    connection.down();
    for (let attempt = 0; attempt < 3; attempt += 1) {
      for (const call of [sessions.ready(), sessions.createNewSession("alice"), sessions.getSession("a.b.c")])
        expect((await caught(call)).cause).toBe(FAULT);
    }
    connection.up();
    const { accessToken, refreshToken } = await sessions.createNewSession("alice");
    expect(await outcomeOf(sessions.getSession(accessToken.value))).toBe("ok");
    expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe("ok");
  });

  test("down when the first token of another process's new key comes: its holder is not logged out", async () => {
    const [sessions, other] = [open(), open({}, inner)];
    await Promise.all([sessions.ready(), other.ready()]);
    now = (await other.rotateSigningKey()).activatesAt;
    const { refreshToken } = await other.createNewSession("alice");
    connection.down();
    const attempts = [];
    for (let attempt = 0; attempt < 3; attempt += 1)
      attempts.push(await outcomeOf(sessions.refreshSession(refreshToken.value)));
    connection.up();
    attempts.push(await outcomeOf(sessions.refreshSession(refreshToken.value)));
    expect(attempts.filter((outcome) => outcome.startsWith("UNAUTHORISED"))).toEqual([]);
    now += 10_000;
    expect(await outcomeOf(sessions.refreshSession(refreshToken.value))).toBe("ok");
  });

  /**
   * What happens when exactly one operation fails, each in its turn, before or after it took
   * effect.
   */
  async function failingAtEach(
    run: () => Promise<unknown>,
    check: (fault: string) => Promise<void>,
    reset: () => Promise<void>,
  ): Promise<number> {
    for (let at = 0; ; at += 1) {
      for (const fault of ["before", "after"] as const) {
        await reset();
        connection.setFaults((operation, index) => (index === at && operation !== "close" ? fault : undefined));
        const outcome = await outcomeOf(run());
        const reached = connection.takeCalls().length > at;
        connection.up();
        if (!reached) return at;
        expect(["ok", DOWN]).toContain(outcome);
        await check(`${fault} operation ${at}`);
      }
    }
  }

  test("a start that fails at any operation is made good by the next call, with one key", async () => {
    let sessions = open();
    const faults = await failingAtEach(
      () => sessions.ready(),
      async (fault) => {
        expect(await outcomeOf(sessions.ready()), fault).toBe("ok");
        expect((await inner.listKeys()).length, fault).toBe(1);
      },
      async () => {
        inner = makeStore();
        connection = switchable(inner);
        sessions = open();
      },
    );
    expect(faults).toBe(5);
  });

  test.each([
    ["mint", 0],
    ["confirm", SETTLED],
  ])(
    "a refresh (%s) whose operation fails, or whose commit is answered by nobody, is made good by a retry",
    async (_name, age) => {
      const sessions = open();
      await sessions.ready();
      let token = "";
      const faults = await failingAtEach(
        () => sessions.refreshSession(token),
        async (fault) => {
          const { newRefreshToken } = await sessions.refreshSession(token);
          now += SETTLED;
          expect(await outcomeOf(sessions.refreshSession(newRefreshToken.value)), fault).toBe("ok");
          expect(alarms, fault).toEqual([]);
        },
        async () => {
          ({ value: token } = (await sessions.createNewSession("alice")).refreshToken);
          if (age > 0) ({ value: token } = (await sessions.refreshSession(token)).newRefreshToken);
          now += age;
          connection.takeCalls();
        },
      );
      expect(faults).toBeGreaterThanOrEqual(2);
    },
  );

  test("ending all sessions, failed at any operation and then repeated, leaves no token of before alive", async () => {
    const sessions = open();
    let before: CreatedSession | undefined;
    const faults = await failingAtEach(
      () => sessions.revokeAllSessions(),
      async (fault) => {
        await sessions.revokeAllSessions();
        const { accessToken, refreshToken } = before ?? expect.fail("no session");
        expect(await outcomeOf(sessions.getSession(accessToken.value)), fault).toMatch(/^TRY_REFRESH_TOKEN/);
        expect(await outcomeOf(sessions.refreshSession(refreshToken.value)), fault).toMatch(/^UNAUTHORISED/);
        expect((await inner.listKeys()).length, fault).toBe(1);
        expect(await outcomeOf(sessions.createNewSession("bob")), fault).toBe("ok");
      },
      async () => {
        now += 60_000;
        before = await sessions.createNewSession("alice");
        connection.takeCalls();
      },
    );
    expect(faults).toBeGreaterThanOrEqual(6);
  });
});
