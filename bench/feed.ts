/** What the feed costs a request, and how soon a revocation reaches another process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSessions } from "counterfoil";
import type { SessionStore } from "counterfoil/sqlite";
import { memory } from "counterfoil/memory";
import { RevokedSessions } from "../src/lib/revocation/revoked-sessions.ts";
import { newHandle } from "../src/lib/session/handle.ts";
import { startPostgres } from "../test/servers/postgres.ts";
import { startMariaDb } from "../test/servers/mariadb.ts";
import { startRedis } from "../test/servers/redis.ts";
import { defineBench } from "./command/bench.ts";
import { count as countOf } from "./command/option.ts";
import { openStore } from "./growth/store.ts";
import { figure, type Row, type Table } from "./report/table.ts";

const SECRET = "a secret for measurements, long enough for anybody";

type Mode = "off" | "feed";

const open = (store: SessionStore, revocation: Mode, listen: boolean) =>
  createSessions({ store, secret: SECRET, tokens: { accessToken: { revocation, feed: { listen } } } });

/** CPU of a verification in each mode, by turns, in ns. */
async function measureRequest(passes: number): Promise<readonly Row[]> {
  const modes = ["off", "feed"] as const;
  const sides = await Promise.all(
    modes.map(async (mode) => {
      const sessions = open(memory(), mode, false);
      const tokens = [];
      for (let user = 0; user < 1000; user += 1) {
        const { accessToken, antiCsrfToken } = await sessions.createNewSession(`user ${user}`);
        tokens.push([accessToken.value, antiCsrfToken ?? null] as const);
      }
      return { mode, sessions, tokens, times: [] as number[] };
    }),
  );
  const calls = 200_000;
  for (let pass = 0; pass < passes + 1; pass += 1) {
    for (const { sessions, tokens, times } of sides) {
      const begun = process.cpuUsage();
      for (let call = 0; call < calls; call += 1) {
        const known = tokens[call % tokens.length];
        if (known !== undefined) await sessions.getSession(...known);
      }
      const { user, system } = process.cpuUsage(begun);
      // The first pass is for the compiler.
      if (pass > 0) times.push(((user + system) * 1000) / calls);
    }
  }
  for (const { sessions } of sides) await sessions.close();
  return sides.map(({ mode, times }) => ({ id: mode, name: `revocation: "${mode}"`, cells: { ns: figure(...times) } }));
}

interface Place {
  readonly name: string;
  readonly listens: boolean;
  readonly open: () => SessionStore;
  readonly remove: () => Promise<void>;
}

async function startPlaces(): Promise<readonly Place[]> {
  const [postgres, mariadb, redis] = await Promise.all([startPostgres(), startMariaDb(), startRedis()]);
  const [onPostgres, onMariaDb] = [
    postgres.url(await postgres.createDatabase()),
    mariadb.url(await mariadb.createDatabase()),
  ];
  const folder = mkdtempSync(join(tmpdir(), "feed-"));
  return [
    {
      name: "PostgreSQL, listen",
      listens: true,
      open: () => openStore({ kind: "postgres", url: onPostgres }),
      remove: () => postgres.remove(),
    },
    {
      name: "Redis, listen",
      listens: true,
      open: () => openStore({ kind: "redis", url: redis.url }),
      remove: () => redis.remove(),
    },
    {
      name: "SQLite, listen",
      listens: true,
      open: () => openStore({ kind: "sqlite", path: join(folder, "sessions.db"), synchronous: "normal" }),
      remove: async () => rmSync(folder, { recursive: true }),
    },
    {
      name: "MariaDB, timer",
      listens: true,
      open: () => openStore({ kind: "mysql", url: onMariaDb }),
      remove: () => mariadb.remove(),
    },
  ];
}

/** From the response of the revocation to its event in another instance, in ms. */
async function measureReach(place: Place, count: number): Promise<Row> {
  const [ending, hearing] = [open(place.open(), "feed", true), open(place.open(), "feed", true)];
  await ending.ready();
  await hearing.ready();
  const waiting = new Map<string, () => void>();
  hearing.on("session-ended-elsewhere", ({ handles }) => {
    for (const handle of handles) waiting.get(handle)?.();
  });
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const { session } = await ending.createNewSession(`user ${index}`);
    const heard = new Promise<void>((resolve) => waiting.set(session.handle, resolve));
    const revoked = ending.revokeSessionUsingSessionHandle(session.handle).then(() => performance.now());
    const [at] = await Promise.all([revoked, heard]);
    times.push(Math.max(0, performance.now() - at));
    waiting.delete(session.handle);
  }
  await ending.close();
  await hearing.close();
  times.sort((a, b) => a - b);
  const part = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN;
  return {
    id: place.name,
    name: place.name,
    cells: { p50: figure(part(0.5)), p99: figure(part(0.99)), most: figure(part(1)) },
  };
}

/** Heap of an entry in memory, in bytes. */
function measureMemory(): readonly Row[] {
  const collect = (globalThis as { readonly gc?: () => void }).gc ?? (() => undefined);
  const count = 200_000;
  const until = Date.now() + 3_600_000;
  return (["ended", "user"] as const).map((kind) => {
    const revoked = new RevokedSessions();
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < count; index += 1) {
      const id = String(index);
      if (kind === "ended") revoked.add({ kind, handle: newHandle(`"user ${id}"`), by: "writer", until });
      else revoked.add({ kind, id, userKey: `"user ${id}"`, except: null, at: until, by: "writer", until });
    }
    collect();
    const bytes = (process.memoryUsage().heapUsed - before) / count;
    // It must be alive until here.
    const { size } = revoked;
    return {
      id: kind,
      name: kind === "ended" ? "a session" : "all sessions of a user",
      cells: { bytes: figure(bytes), size: String(size) },
    };
  });
}

export const bench = defineBench({
  measures: "what the feed of revocations costs a request, and how soon it tells another process",
  isDefault: false,
  options: { passes: countOf(7), count: countOf(400) },
  async run({ passes, count }) {
    // The timers of the feed keep no process alive.
    const awake = setInterval(() => undefined, 1000);
    const request: Table = {
      id: "feed-request",
      title: "A known token with the feed, CPU",
      columns: [{ id: "ns", title: "CPU", unit: "ns", spread: true }],
      rows: await measureRequest(passes),
    };
    const places = await startPlaces();
    const rows: Row[] = [];
    for (const place of places) {
      rows.push(await measureReach(place, place.name.startsWith("MariaDB") ? Math.ceil(count / 10) : count));
      await place.remove();
    }
    const reach: Table = {
      id: "feed-reach",
      title: "From the response of a revocation to its event in another instance",
      columns: ["p50", "p99", "most"].map((id) => ({ id, title: id, unit: "ms", digits: 1 })),
      rows,
      notes: ["0: the event came before the response. Without messages a timer reads twice in each bound, here 1 s."],
    };
    const held: Table = {
      id: "feed-memory",
      title: "An entry in memory (with --expose-gc)",
      columns: [{ id: "bytes", title: "heap", unit: "bytes" }],
      rows: measureMemory(),
    };
    clearInterval(awake);
    return [request, reach, held];
  },
});
