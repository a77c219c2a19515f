import { mysql } from "counterfoil/mysql";
import { postgres } from "counterfoil/postgres";
import { redis } from "counterfoil/redis";
import { sqlite, type SessionStore } from "counterfoil/sqlite";

/** Where a table is; JSON, so that a worker can open it, too. */
export type StoreAddress =
  | { readonly kind: "sqlite"; readonly path: string; readonly synchronous: "full" | "normal" }
  | { readonly kind: "mysql" | "postgres" | "redis"; readonly url: string };

/** What waits is measured here, where an app's callers would be told to come back. */
const PATIENT = { queueLimit: 100_000, timeout: "2m" } as const;

/** As an app opens it, with connections of its own. */
export function openStore(address: StoreAddress): SessionStore {
  switch (address.kind) {
    case "sqlite":
      return sqlite({ path: address.path, synchronous: address.synchronous });
    case "mysql":
      return mysql({ url: address.url, ...PATIENT });
    case "postgres":
      return postgres({ url: address.url, ...PATIENT });
    case "redis":
      return redis({ url: address.url });
  }
}
