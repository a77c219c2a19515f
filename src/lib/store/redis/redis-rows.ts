/**
 * The format of sessions and keys in Redis. It has few fields and lists without names, because
 * Redis keeps all data in memory.
 */
import { KEY_FIELDS, type KeyRecord } from "../../key/key-record.ts";
import type { SessionRecord, SessionSummary } from "../../session/record.ts";
import { type FoundSession, REFRESH_FIELDS, type RefreshWrite } from "../../session/session-store.ts";

/** The fields that never change after the sign-in. New fields must be added at the end. */
const ORIGIN_FIELDS = [
  "createdAt",
  "authTime",
  "absoluteExpiresAt",
  "replacedHandle",
] as const satisfies readonly (keyof SessionRecord)[];

type Origin = Pick<SessionRecord, (typeof ORIGIN_FIELDS)[number]>;

const listed = <T extends object>(fields: readonly (keyof T)[], record: T): string =>
  JSON.stringify(fields.map((name) => record[name]));

function named<T extends object>(fields: readonly (keyof T)[], value: unknown): T {
  const values = JSON.parse(text(value)) as readonly unknown[];
  return Object.fromEntries(fields.map((name, index) => [name, values[index] ?? null])) as T;
}

export const writeState = (write: RefreshWrite): string => listed<RefreshWrite>(REFRESH_FIELDS, write);

/** The fields of the row's hash, each followed by its value. */
export const rowFields = (record: SessionRecord): readonly (string | number)[] =>
  Object.entries({
    version: record.version,
    user: record.userKey,
    claims: record.claims,
    claimsVersion: record.claimsVersion,
    data: record.data,
    state: writeState(record),
    origin: listed<SessionRecord>(ORIGIN_FIELDS, record),
  }).flat();

/** Parses the reply of the script `findSession`. */
export function readSession(handle: string, row: readonly unknown[]): FoundSession {
  const [version, user, claims, claimsVersion, data, state, origin, seconds, microseconds] = row;
  return {
    handle,
    userKey: text(user),
    version: Number(text(version)),
    claims: text(claims),
    claimsVersion: Number(text(claimsVersion)),
    data: text(data),
    ...named<RefreshWrite>(REFRESH_FIELDS, state),
    ...named<Origin>(ORIGIN_FIELDS, origin),
    storeTime: readTime([seconds, microseconds]),
  };
}

/** Converts seconds and microseconds. */
export const readTime = ([seconds, microseconds]: readonly unknown[]): number =>
  Number(text(seconds)) * 1000 + Math.floor(Number(text(microseconds)) / 1000);

/** Parses the reply of the script `listSessionsOfUser`. */
export function readSummary(userKey: string, row: unknown): SessionSummary {
  const [version, claimsVersion, state, origin, handle] = row as readonly unknown[];
  return {
    handle: text(handle),
    userKey,
    version: Number(text(version)),
    claimsVersion: Number(text(claimsVersion)),
    ...named<RefreshWrite>(REFRESH_FIELDS, state),
    ...named<Origin>(ORIGIN_FIELDS, origin),
  };
}

/**
 * Serializes a key. Scripts search it for the kid and compare it, so the text must be the same each
 * time.
 */
export const writeKey = (key: KeyRecord): string => JSON.stringify(key, [...KEY_FIELDS]);

export const readKey = (value: unknown): KeyRecord => JSON.parse(text(value)) as KeyRecord;

/** Converts a text of a reply, which is bytes if the app's client is set up so. */
export const text = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
