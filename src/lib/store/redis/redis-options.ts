import type { SectionReader } from "../../options/config-reader.ts";
import { readOptions } from "../../options/option-table.ts";
import { checkSource, isTls, readPassword, readUrl } from "../connection-source.ts";
import { REDIS_OPTIONS, REPLICA_OPTIONS, SERVER_OPTIONS } from "../store-option-tables.ts";
import type { RedisReplicas } from "./redis-driver.ts";

/** How to connect, for a client that the store makes. */
export interface RedisConnectionOptions {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: number | undefined;
  /** False for no TLS. */
  readonly tls: object | false;
}

interface RedisSettings {
  readonly connection: RedisConnectionOptions;
  readonly prefix: string;
  readonly replicas: RedisReplicas | undefined;
  readonly timeout: number;
}

/** Braces in the prefix would determine the slot instead of ours. */
const refuseKeyPrefix = (prefix: string): string | undefined =>
  /^[A-Za-z0-9_.:/-]{1,64}$/.test(prefix)
    ? undefined
    : 'is not the beginning of a key; write up to 64 letters, digits and "_", "-", ".", ":", "/", as in "shop:sessions:"';

/** @param hasClient whether the app passed a client, which excludes options of a connection */
export function readRedisOptions(section: SectionReader, hasClient: boolean): RedisSettings {
  const server = readOptions(section, SERVER_OPTIONS, {});
  const { given, value } = readOptions(section, REDIS_OPTIONS, { keyPrefix: refuseKeyPrefix });
  const timeout = server.value("timeout");
  const target = {
    host: server.given("host"),
    port: server.given("port"),
    username: given("username"),
    password: readPassword(section),
    database: given("database"),
  };
  return {
    connection: readConnection(section, hasClient, target),
    prefix: value("keyPrefix"),
    replicas: readReplicas(section, timeout),
    timeout,
  };
}

function readConnection(
  section: SectionReader,
  hasClient: boolean,
  target: Omit<RedisConnectionOptions, "tls">,
): RedisConnectionOptions {
  const url = readUrl(section, SCHEMES, "redis://user:password@host:6379/0", isServer);
  // Parameters must not be ignored, above all those that require TLS.
  if (url !== undefined && new URL(url).search !== "")
    section.fault(
      "url",
      "WRONG_TYPE",
      "has parameters behind ?, which are not read; write tls and the others beside it",
    );
  const tls = section.value("tls", "true, or the options of TLS as node:tls has them", isTls);

  checkSource(section, {
    given: "client",
    isGiven: hasClient,
    url,
    target,
    settings: { tls },
    parts: "host, username and password",
  });
  const isSecureUrl = url !== undefined && /^(rediss|valkeys):/.test(url);
  if (isSecureUrl && tls === false)
    section.fault("tls", "CONTRADICTION", "is false, and url asks for TLS; leave one of them out");
  const secure = tls === true || (tls === undefined && isSecureUrl) ? {} : (tls ?? false);
  return { ...(url === undefined ? target : fromUrl(url)), tls: secure };
}

/**
 * Splits a URL into parts. The drivers interpret URLs differently and repeat them in errors, but
 * agree about parts.
 */
function fromUrl(text: string): Omit<RedisConnectionOptions, "tls"> {
  const { hostname, port, username, password, pathname } = new URL(text);
  const orNone = (part: string): string | undefined => (part === "" ? undefined : decodeURIComponent(part));
  return {
    host: orNone(hostname.replace(/^\[(.*)\]$/, "$1")),
    port: port === "" ? undefined : Number(port),
    username: orNone(username),
    password: orNone(password),
    database: pathname.length > 1 ? Number(pathname.slice(1)) : undefined,
  };
}

/** @param timeout of an operation, which must exceed the wait for the replicas, in ms */
function readReplicas(section: SectionReader, timeout: number): RedisReplicas | undefined {
  if (section.value("replicas", "an object", isThere) === undefined) return undefined;
  const replicas = section.section("replicas");
  const { given, value } = readOptions(replicas, REPLICA_OPTIONS, {});
  const acknowledge = given("acknowledge");
  const within = value("within");
  if (acknowledge === undefined && !replicas.has("acknowledge"))
    replicas.fault("acknowledge", "MISSING", "write how many replicas must have a write, for instance 1");
  if (within >= timeout)
    replicas.fault("within", "CONTRADICTION", "is not shorter than timeout; write a shorter one, or a longer timeout");
  return { acknowledge: acknowledge ?? 1, within };
}

/** The section checks the value itself. */
const isThere = (value: unknown): value is unknown => value !== undefined;

const SCHEMES: readonly string[] = ["redis", "rediss", "valkey", "valkeys"];

const isServer = ({ hostname, pathname }: URL): boolean => hostname !== "" && /^(\/\d{0,6})?$/.test(pathname);
