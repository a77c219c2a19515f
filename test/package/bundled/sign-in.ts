/** What an app that is bundled does with each store. */
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { redis } from "counterfoil/redis";
import { sqlite } from "counterfoil/sqlite";
import { createPool } from "mysql2/promise";
import pg from "pg";
import { createClient } from "redis";

/**
 * `at`: a path or a URL. A pool and a client are bundled along; what has only an address asks for
 * its driver at run time.
 */
const STORES = {
  memory: () => ({ store: memory() }),
  sqlite: (at: string) => ({ store: sqlite({ path: at }) }),
  mysql: (at: string) => ({ store: mysql({ url: at }) }),
  "mysql's pool": (at: string) => {
    const pool = createPool(at);
    return { store: mysql({ pool }), end: () => pool.end() };
  },
  postgres: (at: string) => ({ store: postgres({ url: at }) }),
  "postgres's pool": (at: string) => {
    const pool = new pg.Pool({ connectionString: at });
    return { store: postgres({ pool }), end: () => pool.end() };
  },
  redis: (at: string) => ({ store: redis({ url: at }) }),
  "redis's client": async (at: string) => {
    const client = await createClient({ url: at }).connect();
    return { store: redis({ client }), end: () => client.close() };
  },
} as const;

interface OpenStore {
  readonly store: ReturnType<typeof memory>;
  readonly end?: () => Promise<unknown>;
}

export type BundledStore = keyof typeof STORES;

/** Whether a cookie of this domain may be configured. */
export function isDomainTaken(domain: string): boolean {
  try {
    createSessions({ store: memory(), cookie: { domain } });
    return true;
  } catch {
    return false;
  }
}

/** What came of a sign-in, a refresh and a call, in a sentence. */
export async function signIn(name: BundledStore, at: string): Promise<string> {
  const { store, end }: OpenStore = await STORES[name](at);
  const sessions = createSessions({ store, secret: "the secret of an app that is bundled, long enough" });
  try {
    const { accessToken, refreshToken } = await sessions.createNewSession("alice");
    await sessions.refreshSession(refreshToken.value);
    const { session } = await sessions.getSession(accessToken.value);
    return `signed in as ${session.userId}`;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return `${code} ${message}`;
  } finally {
    await sessions.close();
    await end?.();
  }
}
