/**
 * What reaches each server, by its own log, and how often a client had to wait for it, by a proxy
 * in between. The promise: sign-in 1 (2 on MariaDB), refresh 2, verification 0, revocation 1 of one
 * session and 1 of all of a user, and 0 for whatever nobody made.
 */
import { randomBytes } from "node:crypto";
import { createSessions, type Sessions } from "counterfoil";
import { afterAll, beforeAll, expect, test } from "vitest";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { bound } from "../fixtures/bounds.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startProxy } from "../servers/proxy.ts";
import { startRedis } from "../servers/redis.ts";
import { outcomeOf, SECRET } from "./fixtures.ts";
import { openStore, type StoreAddress } from "./open-store.ts";

interface Watched {
  readonly server: {
    readonly host: string;
    readonly port: number;
    takeLog(): Promise<string[]>;
  };
  /** By way of another port of this machine. */
  readonly addressAt: (port: number) => StoreAddress;
}

interface Driver {
  readonly name: string;
  readonly kind: "mariadb" | "postgres" | "redis";
  readonly start: () => Promise<Watched>;
  /** Round trips that differ from the promise, and why that is known. */
  readonly exceptions?: Readonly<Record<string, number>>;
}

const atPort = (url: string, port: number): string => Object.assign(new URL(url), { port: String(port) }).href;

/**
 * One server with a log for all drivers of this file; what they did before is no concern of the
 * next.
 */
function once<Server extends { remove(): Promise<void> }>(start: () => Promise<Server>): () => Promise<Server> {
  let starting: Promise<Server> | undefined;
  afterAll(async () => (await starting)?.remove());
  return () => (starting ??= start());
}

const mariaDb = once(() => startMariaDb({ log: true }));
const postgres = once(() => startPostgres({ log: true }));

const onMariaDb = (by: "mysql2" | "mariadb" | "mysql dialect") => async (): Promise<Watched> => {
  const server = await mariaDb();
  const url = server.url(await server.createDatabase());
  // One connection, on which everything is prepared after the first rounds. The pool of mariadb
  // would ping one that had nothing to do for half a second, as on a busy machine.
  const settings = `connectionLimit=1${by === "mariadb" ? "&minDelayValidation=600000" : ""}`;
  return { server, addressAt: (port) => ({ by, url: `${atPort(url, port)}?${settings}` }) };
};
const onPostgres = (by: "pg" | "postgres.js") => async (): Promise<Watched> => {
  const server = await postgres();
  const url = server.url(await server.createDatabase());
  // A connection on which nothing is prepared yet costs postgres.js one more.
  const settings = by === "postgres.js" ? "?max=1" : "";
  return { server, addressAt: (port) => ({ by, url: `${atPort(url, port)}${settings}` }) };
};
const watchedRedis = once(async () => {
  const server = await startRedis();
  await server.startLog();
  return server;
});
const onRedis = (by: "node-redis" | "ioredis") => async (): Promise<Watched> => {
  const redis = await watchedRedis();
  // What a script does is no round trip.
  const takeLog = async (): Promise<string[]> => (await redis.takeLog()).filter((line) => !line.startsWith("lua "));
  return {
    server: { ...redis, takeLog },
    addressAt: (port) => ({ by, url: atPort(redis.url, port), prefix: `${by}:` }),
  };
};

const DRIVERS: readonly Driver[] = [
  { name: "MariaDB, mysql2", kind: "mariadb", start: onMariaDb("mysql2") },
  { name: "MariaDB, mariadb", kind: "mariadb", start: onMariaDb("mariadb") },
  // It cannot name what it deletes: a transaction that looks first.
  {
    name: "MySQL's SQL, mysql2",
    kind: "mariadb",
    start: onMariaDb("mysql dialect"),
    exceptions: { "revoke all of a user": 6, "forget a user": 8 },
  },
  { name: "PostgreSQL, pg", kind: "postgres", start: onPostgres("pg") },
  { name: "PostgreSQL, postgres.js", kind: "postgres", start: onPostgres("postgres.js") },
  { name: "Redis, node-redis", kind: "redis", start: onRedis("node-redis") },
  { name: "Redis, ioredis", kind: "redis", start: onRedis("ioredis") },
];

for (const { name, kind, start, exceptions = {} } of DRIVERS) {
  describeWithServer(kind, name, () => {
    let watched: Watched;
    let proxy: Awaited<ReturnType<typeof startProxy>>;
    let sessions: Sessions;
    let limited: Sessions;
    let unlimited: Sessions;
    let knowing: Sessions;
    let now = T0;
    const table: string[] = [];

    beforeAll(async () => {
      watched = await start();
      proxy = await startProxy(watched.server);
      const open = async (config: object): Promise<Sessions> =>
        createSessions({
          store: await openStore(watched.addressAt(proxy.port)),
          secret: SECRET,
          clock: () => now,
          ...config,
        });
      sessions = await open({});
      limited = await open({ session: { maxPerUser: 2 } });
      unlimited = await open({ session: { maxPerUser: false } });
      knowing = await open({ session: { maxPerUser: false, knownDevices: true } });
      // Upkeep is done, connections are open, and statements are prepared.
      for (let round = 0; round < 2; round += 1) {
        for (const operation of Object.values(operations())) await (await operation())();
      }
      // Nobody waits for the sweep that they began; while it runs, none is begun by those that
      // follow.
      for (const each of [sessions, limited, unlimited, knowing]) {
        await each.sweep();
        await each.createNewSession("the last to begin one");
        await each.sweep();
      }
    });

    afterAll(async () => {
      console.log(`${name}: what reached the server\n${table.join("\n")}`);
      await sessions.close();
      await limited.close();
      await unlimited.close();
      await knowing.close();
      await proxy.close();
    });

    /** Each prepares what it needs, and gives the call that is watched. */
    function operations(): Readonly<Record<string, () => Promise<() => Promise<unknown>>>> {
      const signIn = (): ReturnType<Sessions["createNewSession"]> =>
        sessions.createNewSession(randomBytes(6).toString("hex"), { role: "admin" }, { n: 1 });
      const signInFrom = (label: string): Promise<unknown> =>
        knowing.createNewSession("knowing", {}, {}, { device: { label } });
      return {
        "sign in": async () => signIn,
        "sign in without a limit": async () => {
          await unlimited.createNewSession("unlimited");
          return () => unlimited.createNewSession("unlimited");
        },
        "sign in at a limit of sessions": async () => {
          await limited.createNewSession("limited");
          return () => limited.createNewSession("limited");
        },
        "refresh (mint)": async () => {
          const { refreshToken } = await signIn();
          return () => sessions.refreshSession(refreshToken.value);
        },
        "refresh (renew)": async () => {
          const { refreshToken } = await signIn();
          const { newRefreshToken } = await sessions.refreshSession(refreshToken.value);
          return () => sessions.refreshSession(newRefreshToken.value);
        },
        "refresh (confirm)": async () => {
          const { refreshToken } = await signIn();
          const { newRefreshToken } = await sessions.refreshSession(refreshToken.value);
          now += 30_000;
          return () => sessions.refreshSession(newRefreshToken.value);
        },
        verify: async () => {
          const { accessToken, antiCsrfToken } = await signIn();
          return () => sessions.getSession(accessToken.value, antiCsrfToken);
        },
        revoke: async () => {
          const { session } = await signIn();
          return () => sessions.revokeSessionUsingSessionHandle(session.handle);
        },
        "revoke all of a user": async () => {
          const { session } = await signIn();
          await sessions.createNewSession(session.userId);
          return () => sessions.revokeAllSessionsForUser(session.userId);
        },
        "sign in from a known device": async () => {
          await signInFrom("device");
          return () => signInFrom("device");
        },
        "sign in from a new device": async () => {
          await signInFrom("device");
          return () => signInFrom(randomBytes(6).toString("hex"));
        },
        "sign in as an actor": async () => {
          const { session } = await signIn();
          return () => unlimited.createNewSession("alice", {}, {}, { actor: session });
        },
        "refresh as an actor": async () => {
          const { session } = await signIn();
          const { refreshToken } = await unlimited.createNewSession("alice", {}, {}, { actor: session });
          return () => sessions.refreshSession(refreshToken.value);
        },
        "forget a user": async () => {
          const { session } = await signIn();
          return () => sessions.forgetUser(session.userId);
        },
        "list of a user": async () => {
          const { session } = await signIn();
          return () => sessions.getSessionsForUser(session.userId);
        },
        "forged tokens": async () => {
          const { accessToken, refreshToken } = await signIn();
          return async () => {
            for (let index = 0; index < bound(25, 500); index += 1) {
              const forge = (token: string): string => token.slice(0, -20) + randomBytes(15).toString("base64url");
              expect(await outcomeOf(sessions.getSession(forge(accessToken.value)))).toMatch(/^TRY_REFRESH_TOKEN/);
              expect(await outcomeOf(sessions.refreshSession(forge(refreshToken.value)))).toMatch(/^UNAUTHORISED/);
            }
          };
        },
      };
    }

    const PROMISED: Readonly<Record<string, number>> = {
      // MariaDB says only in a second statement whether the user has too many sessions.
      "sign in": kind === "mariadb" ? 2 : 1,
      "sign in without a limit": 1,
      "refresh (mint)": 2,
      "refresh (renew)": 2,
      "refresh (confirm)": 2,
      verify: 0,
      // The log of revocations is written with it, and only PostgreSQL does both in one statement.
      revoke: kind === "mariadb" ? 5 : 1,
      "revoke all of a user": kind === "mariadb" ? 5 : 1,
      "sign in from a known device": 2,
      // A script of Redis does it at once.
      "sign in from a new device": kind === "redis" ? 2 : 4,
      "sign in as an actor": 2,
      "refresh as an actor": 3,
      "forget a user": { mariadb: 7, postgres: 3, redis: 3 }[kind],
      "list of a user": 1,
      "forged tokens": 0,
    };

    test.each(Object.keys(operations()))("%s", async (operation) => {
      // Upkeep, once a minute, belongs to no operation.
      const call = await operations()[operation]?.();
      // Nobody waits for the sweep that it may have begun.
      for (const each of [sessions, limited, unlimited, knowing]) await each.sweep();
      await watched.server.takeLog();
      proxy.resetTurns();
      await call?.();
      const turns = proxy.turns();
      const statements = await watched.server.takeLog();
      table.push(
        `  ${operation.padEnd(32)} ${turns} round trips`,
        ...statements.map((text) => `    ${text.replaceAll(/\s+/g, " ").slice(0, 110)}`),
      );
      const promised = exceptions[operation] ?? PROMISED[operation];
      if (promised === undefined) return;
      expect(turns).toBe(promised);
      expect(statements).toHaveLength(promised);
    });
  });
}
