/** Races and long lives of sessions, by store and by how revocation is checked. */
import { createSessions, type CounterfoilConfig, type Sessions } from "counterfoil";
import { memory, type SessionStore } from "counterfoil/memory";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bound, isProof } from "../fixtures/bounds.ts";
import { HOUR, MINUTE, SECRET, START } from "../fixtures/constants.ts";
import { randomNumbers, SEED } from "../fixtures/random.ts";
import { databases, describeDatabase } from "../store/databases.ts";
import { outcomeOf } from "../store/fixtures.ts";
import { openStore } from "../store/open-store.ts";

const ROUNDS = bound(5, 50);
const MODES = ["off", "store"] as const;
const GONE = ["UNAUTHORISED/SESSION_NOT_FOUND", "UNAUTHORISED/SESSION_EXPIRED"];

/** Tests of two instances, each with a client of its own. */
function define(open: (client: number) => Promise<SessionStore>): void {
  const random = randomNumbers();
  let stores: SessionStore[];
  let users = 0;
  beforeAll(async () => {
    stores = [await open(0), await open(1)];
  }, 180_000);
  afterAll(async () => {
    for (const store of stores) await store.close();
  });

  /** The stores stay open for the next test. */
  async function start(config: CounterfoilConfig): Promise<[Sessions, Sessions]> {
    const [one, other] = stores.map((store) =>
      createSessions({ ...config, store: { ...store, close: async () => undefined }, secret: SECRET }),
    );
    if (one === undefined || other === undefined) throw new Error("two stores are needed");
    await one.ready();
    await other.ready();
    return [one, other];
  }

  describe.each(MODES)("with revocation %s", (revocation) => {
    const config = { tokens: { accessToken: { revocation } } } as const;

    test.each(["end-oldest", "refuse"] as const)(
      "24 sign-ins at once with maxPerUser 3 and %s",
      async (onMaxPerUser) => {
        const both = await start({ ...config, session: { maxPerUser: 3, onMaxPerUser } });
        for (let round = 0; round < ROUNDS; round += 1) {
          const user = `limited ${(users += 1)}`;
          const signIns = Array.from({ length: 24 }, (_, index) =>
            outcomeOf((both[index % 2] ?? both[0]).createNewSession(user)),
          );
          const passed = (await Promise.all(signIns)).filter((outcome) => outcome === "ok");
          expect(passed.length).toBe(onMaxPerUser === "refuse" ? 3 : 24);
          for (const sessions of both) expect(await sessions.getAllSessionHandlesForUser(user)).toHaveLength(3);
        }
      },
    );

    test(`revocation beside two refreshes and an update, ${ROUNDS} rounds: nothing is revived`, async () => {
      const both = await start(config);
      for (let round = 0; round < ROUNDS; round += 1) {
        const [one, other] = random() < 0.5 ? both : both.toReversed();
        if (one === undefined || other === undefined) throw new Error("two instances are needed");
        const user = `revoked ${(users += 1)}`;
        const { session, refreshToken } = await one.createNewSession(user);
        const all = random() < 0.5;
        const moves: (() => Promise<unknown>)[] = [
          () => one.refreshSession(refreshToken.value),
          () => other.refreshSession(refreshToken.value),
          () => other.updateSessionData(session.handle, () => ({ round })),
          () => (all ? one.revokeAllSessionsForUser(user) : one.revokeSessionUsingSessionHandle(session.handle)),
        ];
        const order = moves.map((move) => ({ move, at: random() })).toSorted((a, b) => a.at - b.at);
        const outcomes = await Promise.all(order.map(({ move }) => outcomeOf(move())));
        for (const outcome of outcomes) expect(["ok", ...GONE]).toContain(outcome);
        for (const sessions of both) {
          expect(GONE).toContain(await outcomeOf(sessions.refreshSession(refreshToken.value)));
          expect(GONE).toContain(await outcomeOf(sessions.getSessionData(session.handle)));
          expect(await sessions.getAllSessionHandlesForUser(user)).toEqual([]);
        }
      }
      console.log(`${ROUNDS} revocations in random order (seed ${SEED})`);
    });
  });
}

describe("memory", () => {
  const store = memory();
  define(async () => store);
});

for (const database of databases.filter(({ server }) => isProof || server === undefined)) {
  describeDatabase(database, () => {
    let address: ReturnType<typeof database.makeEmpty> | undefined;
    define(async (client) => openStore((await (address ??= database.makeEmpty()))(client)));
  });
}

describe.each(MODES)("a session that is used without a pause, with revocation %s", (revocation) => {
  test("ends at its absolute timeout, whatever refreshes and new claims there are, and no token lasts longer", async () => {
    let now = START;
    const end = START + 3 * HOUR;
    const config = {
      session: { absoluteTimeout: "3h", idleTimeout: "1h" },
      tokens: { accessToken: { revocation } },
    } as const;
    const sessions = createSessions({ ...config, store: memory(), secret: SECRET, clock: () => now });
    const created = await sessions.createNewSession("alice", { turn: 0 });
    let { accessToken, refreshToken } = created;
    for (let turn = 1; now < end - MINUTE; turn += 1) {
      now += MINUTE;
      await sessions.updateJwtPayload(created.session.handle, { turn });
      const { newAccessToken } = await sessions
        .getSession(accessToken.value)
        .catch(() => ({ newAccessToken: undefined }));
      accessToken = newAccessToken ?? accessToken;
      if (turn % 2 === 0) {
        const next = await sessions.refreshSession(refreshToken.value);
        [accessToken, refreshToken] = [next.newAccessToken, next.newRefreshToken];
      }
      for (const { expires } of [accessToken, refreshToken]) expect(expires).toBeLessThanOrEqual(end);
    }
    expect(await outcomeOf(sessions.getSession(accessToken.value))).toBe("ok");
    now = end;
    expect(await outcomeOf(sessions.getSession(accessToken.value))).toBe("TRY_REFRESH_TOKEN/ACCESS_TOKEN_EXPIRED");
    expect(GONE).toContain(await outcomeOf(sessions.refreshSession(refreshToken.value)));
    expect(GONE).toContain(await outcomeOf(sessions.updateJwtPayload(created.session.handle, {})));
    await sessions.close();
  });
});
