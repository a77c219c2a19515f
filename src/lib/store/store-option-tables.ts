/**
 * The options of the stores as data, except those with their own readers. A test compares them with
 * the comments of the entries and with docs/options.md.
 */
import { DEFAULT_FILE } from "./default-store.ts";
import { DEFAULT_PREFIX } from "./migrations.ts";

export const SQLITE_OPTIONS = {
  path: { kind: "text", rule: "file", default: DEFAULT_FILE as typeof DEFAULT_FILE },
  database: { kind: "other" },
  synchronous: { kind: "choice", of: ["full", "normal"], default: "full" },
  tablePrefix: { kind: "text", rule: "tablePrefix", default: DEFAULT_PREFIX as typeof DEFAULT_PREFIX },
} as const;

/** Options of all stores on a server. */
export const SERVER_OPTIONS = {
  host: { kind: "text" },
  port: { kind: "count", min: 1, max: 65_535 },
  timeout: { kind: "duration", min: "100ms", max: "5m", default: "10s" },
} as const;

/** Options of MySQL and PostgreSQL. */
export const SQL_OPTIONS = {
  pool: { kind: "other" },
  url: { kind: "other" },
  user: { kind: "text" },
  password: { kind: "other" },
  database: { kind: "text" },
  ssl: { kind: "other" },
  poolSize: { kind: "count", min: 1, max: 1000, default: 10 },
  tablePrefix: { kind: "text", rule: "tablePrefix", default: DEFAULT_PREFIX as typeof DEFAULT_PREFIX },
  migrate: { kind: "flag", default: true },
  queueLimit: { kind: "count", min: 0, max: 100_000 },
} as const;

/** Options of D1. */
export const D1_OPTIONS = {
  tablePrefix: { kind: "text", rule: "tablePrefix", default: DEFAULT_PREFIX as typeof DEFAULT_PREFIX },
  migrate: { kind: "flag", default: true },
  timeout: { kind: "duration", min: "100ms", max: "5m", default: "10s" },
} as const;

/** Options of PostgreSQL. */
export const POSTGRES_OPTIONS = {
  prepare: { kind: "flag", default: true },
} as const;

export const REDIS_OPTIONS = {
  client: { kind: "other" },
  url: { kind: "other" },
  username: { kind: "text" },
  password: { kind: "other" },
  database: { kind: "count", min: 0, max: 1_000_000 },
  tls: { kind: "other" },
  keyPrefix: { kind: "text", rule: "keyPrefix", default: "counterfoil:" },
} as const;

/** Options of the section `replicas` of {@link REDIS_OPTIONS}. */
export const REPLICA_OPTIONS = {
  acknowledge: { kind: "count", min: 1, max: 100 },
  within: { kind: "duration", min: "1ms", max: "1m", default: "1s" },
} as const;
