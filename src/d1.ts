/**
 * Sessions in D1, the SQLite of Cloudflare Workers.
 *
 * @module
 */
import type { Duration } from "./lib/options/duration.ts";
import { readWhole } from "./lib/options/config-reader.ts";
import { readOptions } from "./lib/options/option-table.ts";
import type { SessionStore } from "./lib/session/session-store.ts";
import { createD1Driver, type D1DatabaseBinding } from "./lib/store/d1/d1-driver.ts";
import { prepareD1Schema } from "./lib/store/d1/d1-schema.ts";
import { createSqlStore } from "./lib/store/sql/sql-store.ts";
import { D1_OPTIONS } from "./lib/store/store-option-tables.ts";
import { refusePrefix } from "./lib/store/table-prefix.ts";

/** Options of {@link d1}. */
export interface D1Options {
  /**
   * Prefix of the table names: up to 31 lower-case letters, digits and `_`. Default
   * `"counterfoil_"`.
   */
  readonly tablePrefix?: string | undefined;
  /**
   * Whether missing tables are created at the start. False: `wrangler d1 execute` creates them with
   * the output of `npx counterfoil migrate --print d1`. Default true.
   */
  readonly migrate?: boolean | undefined;
  /**
   * How long one call may wait for the database, `"100ms"` to `"5m"`. All operations of the call
   * count. Then it fails with `STORE_UNAVAILABLE`. Default `"10s"`.
   */
  readonly timeout?: Duration | undefined;
}

/**
 * Keeps sessions in Cloudflare D1. D1 has no transactions: whatever changes together is one batch,
 * of which D1 does all or nothing.
 *
 * @param database the binding in the environment of the Worker, a `D1Database`
 * @throws ConfigError for options that are unknown or of the wrong type
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { d1, type D1DatabaseBinding } from "counterfoil/d1";
 *
 * export const sessionsOf = (env: { readonly DB: D1DatabaseBinding; readonly COUNTERFOIL_SECRET: string }) =>
 *   createSessions({ secret: env.COUNTERFOIL_SECRET, store: d1(env.DB) });
 * ```
 */
export function d1(database: D1DatabaseBinding, options: D1Options = {}): SessionStore {
  const settings = readWhole(options, "d1", (section) => {
    if (!isBinding(database))
      section.fault(
        "database",
        "MISSING",
        "no binding of a D1 database is given; write d1(env.DB), with the binding's name",
      );
    const { value } = readOptions(section, D1_OPTIONS, { tablePrefix: refusePrefix });
    return { prefix: value("tablePrefix"), migrate: value("migrate"), timeout: value("timeout") };
  });
  return createSqlStore({
    ...settings,
    kind: "Cloudflare D1",
    driver: createD1Driver(database),
    inspect: async () => "d1",
    schema: prepareD1Schema,
  });
}

const isBinding = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "prepare" in value && "batch" in value;

export type { SessionStore } from "./lib/session/session-store.ts";
export type { D1DatabaseBinding, D1Result, D1Statement } from "./lib/store/d1/d1-driver.ts";
