/**
 * PgBouncer of an age that keeps no prepared statements, in each of its modes: it works, or the
 * start says what to change.
 */
import pg from "pg";
import connectPostgresJs from "postgres";
import { createSessions, type Sessions } from "counterfoil";
import { postgres } from "counterfoil/postgres";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type PgBouncer, type PoolMode, startPgBouncer } from "../servers/pgbouncer.ts";
import { sharedPostgres } from "../servers/shared.ts";
import { caught, outcomeOf, SECRET } from "./fixtures.ts";

const POOLS = {
  pg(url: string) {
    const pool = new pg.Pool({ connectionString: url, max: 8 }).on("error", () => undefined);
    onTestFinished(() => pool.end());
    return pool;
  },
  "postgres.js"(url: string) {
    const pool = connectPostgresJs(url, { max: 8, onnotice: () => undefined });
    onTestFinished(() => pool.end({ timeout: 1 }));
    return pool;
  },
};

describeWithServer("pgbouncer", "PgBouncer", () => {
  let database: string;
  let pooler: PgBouncer;

  beforeAll(async () => {
    const server = await sharedPostgres();
    database = await server.createDatabase();
    pooler = await startPgBouncer(server, [database]);
  });
  afterAll(() => pooler.remove());

  function open(mode: PoolMode, driver: keyof typeof POOLS, prepare: boolean): Sessions {
    const pool = POOLS[driver](pooler.url(database, mode));
    const store = postgres({ pool, prepare, timeout: "20s" });
    const sessions = createSessions({
      store,
      secret: SECRET,
      session: { maxPerUser: 3 },
    });
    onTestFinished(() => sessions.close());
    return sessions;
  }

  const WORKING = (["transaction", "session"] as const).flatMap((mode) =>
    (["pg", "postgres.js"] as const).flatMap((driver) => [true, false].map((prepare) => ({ mode, driver, prepare }))),
  );

  test.each(WORKING)(
    "$mode pooling, $driver, prepare: $prepare: sign-ins and refreshes of two instances",
    async ({ mode, driver, prepare }) => {
      const instances = [open(mode, driver, prepare), open(mode, driver, prepare)];
      await Promise.all(instances.map((one) => one.ready()));
      const lives = Array.from({ length: 24 }, async (_, index) => {
        const at = (turn: number): Sessions => instances[(index + turn) % 2] ?? open(mode, driver, prepare);
        const { refreshToken } = await at(0).createNewSession(`user ${index % 6}`);
        await at(1)
          .refreshSession(refreshToken.value)
          .catch((error: { code?: string }) => {
            // Ended by the limit.
            if (error.code !== "SESSION_NOT_FOUND") throw error;
          });
      });
      expect(await Promise.all(lives.map(outcomeOf))).toEqual(lives.map(() => "ok"));
    },
  );

  test.each(["pg", "postgres.js"] as const)("what the pooler refuses is told as that: %s", async (driver) => {
    const url = pooler.url(database, "transaction");
    const nobody = new URL(url);
    nobody.username = "nobody";
    const refused = [
      [url.replace(/[^/]+$/, "nowhere"), /^the pooler knows no database of this name/],
      [nobody.href, /^the database refused the user name or the password/],
    ] as const;
    for (const [address, says] of refused) {
      const sessions = createSessions({ store: postgres({ pool: POOLS[driver](address) }), secret: SECRET });
      onTestFinished(() => sessions.close());
      expect((await caught(sessions.ready())).message).toMatch(says);
    }
  });

  test.each(["pg", "postgres.js"] as const)("statement pooling is refused at the start: %s", async (driver) => {
    for (const prepare of [true, false]) {
      const { code, message } = await caught(open("statement", driver, prepare).ready());
      expect(code).toBe("STORE_UNAVAILABLE");
      expect(message).toMatch(/pools statements.*set pool_mode = transaction or session/);
    }
  });
});
