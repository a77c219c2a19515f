import { readSection, type SectionReader } from "../options/config-reader.ts";
import { ConfigError, type ConfigFault } from "../errors.ts";
import { checkSource, isTls, readPassword, readPort, readUrl } from "./connection-source.ts";
import { DEFAULT_PREFIX } from "./migrations.ts";

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
  const target = {
    host: section.text("host"),
    port: readPort(section),
    user: section.text("user"),
    password: readPassword(section),
    database: section.text("database"),
  };
  const settings = {
    ssl: section.value("ssl", "true, or the driver's own options of TLS", isTls),
    poolSize: section.count("poolSize", 1, 1000),
  };
  const url = readUrl(section, schemes, `${schemes[0]}://user:password@host/database`);
  checkSource(section, {
    given: "pool",
    isGiven: hasPool,
    url,
    target,
    settings,
    parts: "host, user, password and database",
  });
  const connection = { url, ...target, ...settings };
  return Object.fromEntries(Object.entries(connection).filter(([, value]) => value !== undefined));
}
