import { readSection, type SectionReader, UNSET } from "../options/config-reader.ts";
import { ConfigError, type ConfigFault } from "../errors.ts";
import type { Duration } from "../options/duration.ts";
import { DEFAULT_PREFIX } from "./migrations.ts";

/** Options of every store in a SQL database. */
export interface SqlOptions {
  /** How to connect, for a pool of the store's own: a URL, or its parts. The pool is ended by `close()`. */
  readonly url?: string | undefined;
  /** Default: the driver's, `localhost`. */
  readonly host?: string | undefined;
  /** Default: the driver's, 3306 or 5432. */
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
  /** TLS, as the driver takes it: true, or an object. Default: none. */
  readonly ssl?: boolean | object | undefined;
  /** Most connections of the store's own pool, 1 to 1000. Default 10. */
  readonly poolSize?: number | undefined;
  /** What the names of the tables begin with: lower-case letters, digits and `_`. Default `"counterfoil_"`. */
  readonly tablePrefix?: string | undefined;
  /**
   * Whether tables that are missing are made at the start. False: an operator makes them, with what `npx counterfoil migrate --print` prints.
   * When the tables are there, neither needs the right to make any. Default true.
   */
  readonly migrate?: boolean | undefined;
  /**
   * How long a call of the library may wait for the database before it fails with
   * `STORE_UNAVAILABLE`, all its operations and the wait for a connection included; `"100ms"` to
   * `"5m"`. Default `"10s"`.
   */
  readonly timeout?: Duration | undefined;
  /**
   * How many calls may wait for their first connection, 0 to 100,000; one more fails at once with
   * `STORE_BUSY`. Default: as many as can begin within half of `timeout` at the pace of the latest,
   * and four for each connection of the pool in any case.
   */
  readonly queueLimit?: number | undefined;
}

const DEFAULT_TIMEOUT = 10_000;

/** Checks the options of a store. @throws ConfigError with everything that is wrong with them */
export function readStoreOptions<T>(name: string, options: unknown, read: (section: SectionReader) => T): T {
  const faults: ConfigFault[] = [];
  const section = readSection(options, name, faults);
  const result = read(section);
  section.finish();
  if (faults.length > 0) throw new ConfigError(faults);
  return result;
}

export function readSqlOptions(section: SectionReader): {
  readonly prefix: string;
  readonly migrate: boolean;
  readonly timeout: number;
  readonly queueLimit: number | undefined;
} {
  return {
    queueLimit: section.count("queueLimit", 0, 100_000),
    prefix: section.text("tablePrefix", refusePrefix) ?? DEFAULT_PREFIX,
    migrate: section.flag("migrate") ?? true,
    timeout: readTimeout(section),
  };
}

export const readTimeout = (section: SectionReader): number =>
  section.duration("timeout", "100ms", "5m") ?? DEFAULT_TIMEOUT;

export const refusePrefix = (prefix: string): string | undefined =>
  /^[a-z_][a-z0-9_]{0,30}$/.test(prefix)
    ? undefined
    : 'is not the beginning of a table name; write up to 31 lower-case letters, digits and "_", as in "shop_"';

/** How to connect, for a pool of our own: only what was said. */
export interface SqlConnectionOptions {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly ssl?: boolean | object;
  readonly poolSize?: number;
}

/**
 * @param hasPool whether the app gives a pool, which each of these contradicts
 * @param schemes what URLs of this database begin with
 */
export function readSqlConnection(
  section: SectionReader,
  hasPool: boolean,
  schemes: readonly [string, ...string[]],
): SqlConnectionOptions {
  const example = `${schemes[0]}://user:password@host/database`;
  const connection = {
    url: section.value("url", `a URL, as in "${example}"; a % in the password is written %25`, isUrl(schemes)),
    host: section.text("host"),
    port: section.count("port", 1, 65_535),
    user: section.text("user"),
    // Not `text`, which tells what it was given in place of one.
    password: section.value("password", "a string", (value) => typeof value === "string"),
    database: section.text("database"),
    ssl: section.value("ssl", "true, or the driver's own options of TLS", isSsl),
    poolSize: section.count("poolSize", 1, 1000),
  };
  const { url, ssl: _, poolSize: __, ...place } = connection;
  const named = nameOfFirst(connection);
  // Else a variable that is not set would lead to whatever database is near.
  for (const name of ["pool", "url"]) {
    if (section.isUnset(name) && !hasPool && url === undefined) section.fault(name, "MISSING", UNSET);
  }
  if (!section.has("pool") && !section.has("url") && nameOfFirst(place) === undefined)
    section.fault(
      "url",
      "MISSING",
      "nothing says how to connect; give pool, url, or host, user, password and database",
    );
  if (hasPool && named !== undefined)
    section.fault(named, "CONTRADICTION", "is for a pool of our own, and pool is one of yours; leave one of them out");
  const second = nameOfFirst(place);
  if (url !== undefined && second !== undefined)
    section.fault("url", "CONTRADICTION", `says how to connect, and so does ${second}; leave one of them out`);
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined));
}

const nameOfFirst = (options: Readonly<Record<string, unknown>>): string | undefined =>
  Object.keys(options).find((name) => options[name] !== undefined);

const isUrl =
  (schemes: readonly string[]) =>
  (value: unknown): value is string => {
    if (typeof value !== "string" || !URL.canParse(value)) return false;
    const { protocol, username, password, pathname } = new URL(value);
    return schemes.includes(protocol.slice(0, -1)) && [username, password, pathname].every(isDecodable);
  };

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

const isSsl = (value: unknown): value is boolean | object =>
  typeof value === "boolean" || (typeof value === "object" && value !== null);
