/**
 * What one user with very many sessions costs, and whom it stalls. It prints by itself, and
 * returns no tables.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as giveWay } from "node:timers/promises";
import { createSessions } from "counterfoil";
import type { SessionStore } from "counterfoil/sqlite";
import { newHandle } from "../src/lib/session/handle.ts";
import { toUserKey } from "../src/lib/session/user-id.ts";
import { newRecord } from "../src/lib/testing/store/rows.ts";
import { startMariaDb } from "../test/servers/mariadb.ts";
import { startPostgres } from "../test/servers/postgres.ts";
import { type Redis, startRedis } from "../test/servers/redis.ts";
import { until } from "../test/servers/until.ts";
import { openStore, type StoreAddress } from "./growth/store.ts";
import { defineBench } from "./command/bench.ts";
import { type Option, someOf } from "./command/option.ts";
import { STORES, type StoreName } from "./growth/options.ts";
import { describeLoad } from "./machine.ts";

interface Work {
  /** What the server has computed since the last call, ms. */
  readonly cpu: number;
  /**
   * How long each step took by the server's own clock, ms; on a busy machine longer than it
   * computed.
   */
  readonly steps: readonly number[];
}

interface Place {
  readonly address: StoreAddress;
  /** Since the last call; only where the server tells. */
  readonly takeWork?: () => Promise<Work>;
  readonly remove: () => Promise<void>;
}

const START = {
  redis: startRedisPlace,
  postgres: async () => {
    const server = await startPostgres();
    return {
      address: { kind: "postgres", url: server.url(await server.createDatabase()) },
      remove: () => server.remove(),
    };
  },
  mariadb: async () => {
    const server = await startMariaDb();
    return {
      address: { kind: "mysql", url: server.url(await server.createDatabase()) },
      remove: () => server.remove(),
    };
  },
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), "crowd-"));
    return {
      address: { kind: "sqlite", path: join(folder, "sessions.db"), synchronous: "normal" },
      remove: async () => rmSync(folder, { recursive: true }),
    };
  },
} as const satisfies Record<StoreName, () => Promise<Place>>;

const SECRET = "a secret for measurements, long enough for anybody";
const USER = "crowd";

/** Each script runs alone: nobody else is served meanwhile. */
async function startRedisPlace(): Promise<Place> {
  const server: Redis = await startRedis();
  await server.admin("CONFIG", "SET", "slowlog-log-slower-than", "0", "slowlog-max-len", "300000");
  let before = 0;
  return {
    address: { kind: "redis", url: server.url },
    async takeWork() {
      // A script that nobody waits for any more goes on.
      await until("the server answers", () => server.admin("PING"));
      const entries = (await server.admin("SLOWLOG", "GET", "-1")) as readonly (readonly unknown[])[];
      const scripts = entries.filter(([, , , command]) => /^EVAL/i.test(String((command as unknown[])[0])));
      const info = String(await server.admin("INFO", "cpu"));
      const [user, system] = ["user", "sys"].map((kind) =>
        Number(new RegExp(`^used_cpu_${kind}_main_thread:([0-9.]+)`, "m").exec(info)?.[1]),
      );
      const all = ((user ?? 0) + (system ?? 0)) * 1000;
      const cpu = all - before;
      await server.admin("SLOWLOG", "RESET");
      before = all;
      return { cpu, steps: scripts.map(([, , microseconds]) => Number(microseconds) / 1000) };
    },
    remove: () => server.remove(),
  };
}

async function fill(store: SessionStore, count: number): Promise<void> {
  const userKey = toUserKey(USER);
  const now = Date.now();
  let index = 0;
  const work = async (): Promise<void> => {
    while (index < count) {
      index += 1;
      const row = newRecord({ userKey, handle: newHandle(userKey), createdAt: now - 1000 * count + 1000 * index });
      await store.createSession(
        { ...row, expiresAt: now + 86_400_000, absoluteExpiresAt: now + 864_000_000 },
        undefined,
      );
    }
  };
  await Promise.all(Array.from({ length: 50 }, work));
}

async function measureStore(name: StoreName, sizes: readonly number[]): Promise<void> {
  const place: Place = await START[name]();
  const [store, other] = [openStore(place.address), openStore(place.address)];
  await store.prepare();
  await other.prepare();
  const start = (session: object) => createSessions({ store, secret: SECRET, session });
  const unlimited = start({ maxPerUser: false });
  const refusing = start({ maxPerUser: 10_000, onMaxPerUser: "refuse" });
  const ending = start({ maxPerUser: 1, onMaxPerUser: "end-oldest" });
  const bystander = (await unlimited.createNewSession("bystander")).session.handle;

  async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
    let isDone = false;
    const waits: number[] = [];
    let failed = 0;
    await place.takeWork?.();
    const watching = (async () => {
      for (const state = { isDone: () => isDone }; !state.isDone();) {
        const begun = performance.now();
        await other.findSession(bystander).catch(() => void (failed += 1));
        waits.push(performance.now() - begun);
        // SQLite answers at once, and would leave nobody a turn.
        await giveWay();
      }
    })();
    const begun = performance.now();
    const outcome = await work().then(
      () => "",
      (error: unknown) => `, FAILED: ${String(error)}`,
    );
    const took = performance.now() - begun;
    isDone = true;
    await watching;
    const server = await place.takeWork?.();
    const told =
      server === undefined
        ? ""
        : `, server's CPU ${ms(server.cpu)} for ${server.steps.length} steps, the longest took ${ms(Math.max(0, ...server.steps))}`;
    console.log(
      `  ${what.padEnd(34)} ${ms(took)}${told}, longest wait of another ${ms(Math.max(0, ...waits))}${failed === 0 ? "" : `, who failed ${failed} times`}${outcome}`,
    );
  }

  console.log(`${name} (load ${describeLoad()})`);
  for (const size of sizes) {
    await fill(store, size);
    await unlimited.getAllSessionHandlesForUser("nobody");
    const named = (what: string): string => `${size / 1000} k: ${what}`;
    await measure(named("list"), () => unlimited.getAllSessionHandlesForUser(USER));
    await measure(named("sign-in at a limit of 10,000"), () => refusing.createNewSession(USER).catch(() => undefined));
    await measure(named("end-oldest with maxPerUser 1"), () => ending.createNewSession(USER));
    await unlimited.revokeAllSessionsForUser(USER);
    await fill(store, size);
    await measure(named("revoke all"), () => unlimited.revokeAllSessionsForUser(USER));
  }
  for (const each of [unlimited, refusing, ending]) await each.close();
  await other.close();
  await place.remove();
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;

const sizes: Option<readonly number[]> = {
  shown: "sizes such as 1000,10000",
  fallback: "1000,10000,100000",
  quick: "100",
  read(text) {
    const all = text.split(",").map(Number);
    return all.every((size) => Number.isInteger(size) && size > 0) ? all : undefined;
  },
};

export const bench = defineBench({
  measures: "what one user with very many sessions costs, and whom it stalls",
  options: { store: someOf(STORES), sizes },
  isDefault: false,
  async run({ store: stores, sizes: all }) {
    for (const name of stores) await measureStore(name, all);
    return [];
  },
});
