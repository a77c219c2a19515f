/**
 * Pools of the app's own, whatever their settings: sessions come back as they were, and the pool
 * stays open and as it was.
 */
import mysql2 from "mysql2";
import pg from "pg";
import connectPostgresJs from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { mysql } from "counterfoil/mysql";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { describeSqlServers, openStore, watch } from "./sql-drivers.ts";

const USERS = ["Zoë 🐘", "zoe ", " ", "a\\b'c\"d`e;--%_", "\u{10FFFF}Ω≈ç√", "ﷺ".repeat(80), 42, -0.5, 1e21];

/** The whole of a session's life for users whose names are hard to keep. */
async function live(store: SessionStore): Promise<void> {
  let now = T0;
  const { sessions, alarms } = watch(store, { clock: () => now, session: { maxPerUser: 2 } });
  for (const userId of USERS) {
    const device = { label: `📱 ${userId}`, ip: "203.0.113.7" };
    const data = { name: userId, list: [1, null, "é"], big: Number.MAX_SAFE_INTEGER };
    const { session, refreshToken } = await sessions.createNewSession(userId, { name: userId }, data, { device });
    const minted = await sessions.refreshSession(refreshToken.value);
    now += 30_000;
    const confirmed = await sessions.refreshSession(minted.newRefreshToken.value);
    expect(confirmed.session).toEqual({ handle: session.handle, userId, jwtPayload: { name: userId } });
    expect(await sessions.getSessionData(session.handle)).toEqual(data);
    expect(await sessions.getSessionsForUser(userId)).toMatchObject([
      { handle: session.handle, userId, createdAt: now - 30_000, lastSeenAt: now, device: { label: device.label } },
    ]);
    for (let extra = 0; extra < 2; extra += 1) await sessions.createNewSession(userId);
    expect((await sessions.getAllSessionHandlesForUser(userId)).length).toBe(2);
    expect(await sessions.revokeAllSessionsForUser(userId)).toBe(2);
  }
  await sessions.rotateSigningKey();
  expect(alarms).toEqual([]);
  await sessions.close();
}

const spoil = (): string => "spoilt";

/** Settings by driver. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, object>>>> = {
  mysql2: {
    "rows as arrays": { rowsAsArray: true },
    "rows by table": { nestTables: "_", namedPlaceholders: true },
    "numbers as texts": { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, decimalNumbers: true },
    "a function that casts": { typeCast: spoil },
    "another character set": { charset: "latin1", flags: ["-FOUND_ROWS"], timezone: "+05:30" },
    "few prepared statements": { maxPreparedStatements: 2, multipleStatements: true, resetOnRelease: true },
  },
  mariadb: {
    "numbers as they come": { bigIntAsNumber: false, decimalAsNumber: true, insertIdAsNumber: true },
    "numbers as texts": { supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, checkNumberRange: true },
    "columns beside rows": { metaAsArray: true, namedPlaceholders: true, rowsAsArray: true },
    "rows by table": { nestTables: true },
    "a function that casts": { typeCast: spoil },
    "another character set": { charset: "latin1", foundRows: false, timezone: "+05:30" },
    "resets, and no prepared statements": { resetAfterUse: true, prepareCacheLength: 0, compress: true },
  },
  pg: {
    "texts in the place of numbers": { types: { getTypeParser: () => spoil } },
    "another time zone": {
      options: "-c TimeZone=Asia/Kolkata -c DateStyle=SQL,DMY -c standard_conforming_strings=off",
    },
    "few uses for each connection": { maxUses: 20 },
  },
  "postgres.js": {
    camel: { transform: connectPostgresJs.camel },
    pascal: { transform: { ...connectPostgresJs.toPascal, column: connectPostgresJs.pascal.column } },
    bigint: { types: { bigint: connectPostgresJs.BigInt } },
    "values that are changed": { transform: { value: { from: spoil }, undefined: null } },
    "nothing prepared": { prepare: false, fetch_types: false, max_pipeline: 1 },
  },
};

/** What an app's own query gets, to see whether the pool is as it was. */
const SAMPLE = "SELECT 9007199254740993 AS big_number, 'é' AS text";

describeSqlServers((kind, drivers, server) => {
  for (const driver of drivers) {
    test.each(Object.keys(SETTINGS[driver.name] ?? {}))(`${driver.name}: %s`, async (name) => {
      const place = server().connectionOptions(await server().createDatabase());
      const pool = driver.makePool(place, SETTINGS[driver.name]?.[name]);
      const ask = (): Promise<unknown> => askFor(SAMPLE, pool);
      const before = await ask();
      await live(openStore(driver, pool));
      expect(await ask()).toEqual(before);
    });
  }

  if (kind === "mariadb") {
    test("mysql2 with callbacks", async () => {
      const place = server().connectionOptions(await server().createDatabase());
      const pool = mysql2.createPool(place);
      onTestFinished(() => pool.promise().end());
      await live(mysql({ pool }));
      expect(await pool.promise().query("SELECT 1 AS one")).toMatchObject([[{ one: 1 }], {}]);
    });
  } else {
    test("parsers of pg that the app has set for every query", async () => {
      const place = server().connectionOptions(await server().createDatabase());
      const numbers = pg.types.getTypeParser(pg.types.builtins.INT8);
      const texts = pg.types.getTypeParser(pg.types.builtins.TEXT);
      onTestFinished(() => {
        pg.types.setTypeParser(pg.types.builtins.INT8, numbers);
        pg.types.setTypeParser(pg.types.builtins.TEXT, texts);
      });
      pg.types.setTypeParser(pg.types.builtins.INT8, BigInt);
      pg.types.setTypeParser(pg.types.builtins.TEXT, spoil);
      const [driver] = drivers;
      if (driver === undefined) throw new Error("there is no driver");
      await live(openStore(driver, driver.makePool(place)));
    });
  }
});

/** One query in the app's own way. */
async function askFor(sql: string, pool: unknown): Promise<unknown> {
  if (typeof pool === "function" && "unsafe" in pool)
    return (pool.unsafe as (text: string) => Promise<unknown[]>)(sql).then((rows) => [...rows]);
  const answer = await (pool as { query(text: string): Promise<unknown> }).query(sql);
  // Beside the rows stand things that belong to one answer only.
  return Array.isArray(answer) ? answer[0] : (answer as { readonly rows: unknown }).rows;
}
