/**
 * What a backlog of expired sessions costs on PostgreSQL: refreshes of the process that
 * sweeps against those of another, how fast it goes, and what one sweep reads while a transaction
 * is open. It prints by itself, and returns no tables.
 */
import pg from "pg";
import { createSessions, type Sessions } from "counterfoil";
import { postgres } from "counterfoil/postgres";
import { startPostgres } from "../test/servers/postgres.ts";
import { defineBench } from "./command/bench.ts";
import { count } from "./command/option.ts";
import { describeLoad } from "./machine.ts";
import { quantile } from "./statistics.ts";

const SECRET = "the secret of the benches, which is long enough";
const REFRESHES = 60;
const SWEEPS = 200;
const CHUNK = 50;

const FILL = `INSERT INTO counterfoil_session (handle, user_key, version, generation, current_hash, claims, claims_version,
    data, device, created_at, auth_time, last_seen_at, expires_at, absolute_expires_at)
  SELECT md5(n::text), 'u' || n, 1, 1, repeat('h', 43), '{"role":"admin"}', 1, '{}', '{"ip":"203.0.113.0/24"}', 1, 1, 1, n, n
  FROM generate_series(1, $1::bigint) AS n ORDER BY md5(n::text)`;

export const bench = defineBench({
  measures: "what a backlog of expired sessions costs others on PostgreSQL",
  options: { expired: count(300_000, 1000) },
  isDefault: false,
  async run({ expired }) {
    await measureBacklog(expired);
    return [];
  },
});

async function measureBacklog(expired: number): Promise<void> {
  const server = await startPostgres({ config: ["fsync = on", "shared_buffers = 1GB"] });
  try {
    for (const work of [refreshes, buffers]) {
      const url = server.url(await server.createDatabase());
      const pool = new pg.Pool({ connectionString: url });
      const store = postgres({ url });
      await store.prepare();
      await store.close();
      await pool.query(FILL, [expired]);
      await pool.query("ANALYZE");
      await work(url, pool);
      await pool.end();
    }
  } finally {
    await server.remove();
  }
}

async function refreshes(url: string, pool: pg.Pool): Promise<void> {
  const countExpired = async (): Promise<number> => {
    const { rows } = await pool.query<{ count: string }>(
      "SELECT count(*) FROM counterfoil_session WHERE expires_at < 1e9",
    );
    return Number(rows[0]?.count);
  };
  const open = (): Sessions => createSessions({ store: postgres({ url }), secret: SECRET });
  const [holder, other] = [open(), open()];
  const tokens: string[] = [];
  // The first sign-in takes the lease.
  for (let made = 0; made < REFRESHES; made += 1)
    tokens.push((await holder.createNewSession(`user ${made}`)).refreshToken.value);
  const [before, begun] = [await countExpired(), performance.now()];
  const took: { holder: number[]; other: number[] } = { holder: [], other: [] };
  for (const token of tokens) {
    took.holder.push(await time(() => holder.refreshSession(token)));
    took.other.push(await time(() => other.refreshSession(token)));
  }
  const [swept, passed] = [before - (await countExpired()), performance.now() - begun];
  const [one, two] = [quantile(took.holder, 0.5), quantile(took.other, 0.5)];
  console.log(
    `refresh p50 with a backlog: holder of the lease ${one.toFixed(1)} ms, other ${two.toFixed(1)} ms, ${(one / two).toFixed(2)} x`,
  );
  console.log(`meanwhile ${swept} rows went in ${(passed / 1000).toFixed(1)} s (${describeLoad()})`);
  await Promise.all([holder.close(), other.close()]);
}

async function buffers(url: string, pool: pg.Pool): Promise<void> {
  const reader = await pool.connect();
  const own = new pg.Pool({ connectionString: url, max: 1 });
  const store = postgres({ pool: own });
  await store.prepare();
  const read = async (): Promise<number> => {
    await own.query("SELECT pg_stat_force_next_flush()");
    const { rows } = await pool.query<{ read: string }>(
      `SELECT sum(idx_blks_hit + idx_blks_read + heap_blks_hit + heap_blks_read) AS read
         FROM pg_statio_user_tables WHERE relname = 'counterfoil_session'`,
    );
    return Number(rows[0]?.read);
  };
  const ofOneSweep = async (): Promise<number> => {
    const before = await read();
    await store.deleteExpiredSessions(Date.now(), CHUNK);
    return (await read()) - before;
  };
  await reader.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await reader.query("SELECT count(*) FROM counterfoil_session");
  const first = [await ofOneSweep(), await ofOneSweep()];
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) await store.deleteExpiredSessions(Date.now(), CHUNK);
  console.log(
    `buffers of a sweep of ${CHUNK} while a transaction is open: ${first.join(" and ")}; after ${SWEEPS} sweeps ${await ofOneSweep()}`,
  );
  await reader.query("ROLLBACK");
  reader.release();
  await own.end();
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
