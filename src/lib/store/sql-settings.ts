import type { SectionReader } from "../options/config-reader.ts";
import { readOptions } from "../options/option-table.ts";
import { checkSource, isTls, readPassword, readUrl } from "./connection-source.ts";
import { SERVER_OPTIONS, SQL_OPTIONS } from "./store-option-tables.ts";
import { refusePrefix } from "./table-prefix.ts";

/** How to connect, for a pool that the store makes: only the given options, and the pool size. */
export interface SqlConnectionOptions {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly ssl?: boolean | object;
  readonly poolSize: number;
}

interface SqlSettings {
  readonly connection: SqlConnectionOptions;
  readonly prefix: string;
  readonly migrate: boolean;
  readonly timeout: number;
  readonly queueLimit: number | undefined;
}

/**
 * @param hasPool whether the app passed a pool, which excludes options of a connection
 * @param schemes the URL schemes of this database
 */
export function readSqlOptions(
  section: SectionReader,
  hasPool: boolean,
  schemes: readonly [string, ...string[]],
): SqlSettings {
  const server = readOptions(section, SERVER_OPTIONS, {});
  const { given, value } = readOptions(section, SQL_OPTIONS, { tablePrefix: refusePrefix });
  const target = {
    host: server.given("host"),
    port: server.given("port"),
    user: given("user"),
    password: readPassword(section),
    database: given("database"),
  };
  const ssl = section.value("ssl", "true, or the driver's own options of TLS", isTls);
  const url = readUrl(section, schemes, `${schemes[0]}://user:password@host/database`);
  checkSource(section, {
    given: "pool",
    isGiven: hasPool,
    url,
    target,
    settings: { ssl, poolSize: given("poolSize") },
    parts: "host, user, password and database",
  });
  const named = Object.entries({ url, ...target, ssl }).filter(([, option]) => option !== undefined);
  return {
    connection: { ...Object.fromEntries(named), poolSize: value("poolSize") },
    prefix: value("tablePrefix"),
    migrate: value("migrate"),
    timeout: server.value("timeout"),
    queueLimit: given("queueLimit"),
  };
}
