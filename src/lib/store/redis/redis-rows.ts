/**
 * The format of sessions and keys in Redis. It has few fields and lists without names, because
 * Redis keeps all data in memory.
 */
import { KEY_FIELDS, type KeyRecord } from "../../key/key-record.ts";
import type { SessionRecord, SessionSummary } from "../../session/record.ts";
import { type FoundSession, REFRESH_FIELDS, type RefreshWrite } from "../../session/session-store.ts";

/** The fields of the sign-in. New fields must be added at the end. */
const ORIGIN_FIELDS = [
  "createdAt",
  "authTime",
  "absoluteExpiresAt",
  "replacedHandle",
] as const satisfies readonly (keyof SessionRecord)[];

/**
 * Further fields of the sign-in, each a field of the row's hash that is absent while it is null.
 * Earlier code leaves unknown fields alone, but would cut off further values of the lists.
 */
const EXTRA_FIELDS = [
  "persistent",
  "amr",
  "actorKey",
  "actorHandle",
  "label",
  "knownDevice",
] as const satisfies readonly (keyof SessionRecord)[];

const EXTRA_NUMBERS: ReadonlySet<string> = new Set(["persistent", "knownDevice"]);

type Extra = Pick<SessionRecord, (typeof EXTRA_FIELDS)[number]>;

/** The names for the scripts, quoted. */
export const EXTRA_NAMES: string = EXTRA_FIELDS.map((name) => `'${name}'`).join(", ");

const readExtra = (values: readonly unknown[]): Extra =>
  Object.fromEntries(
    EXTRA_FIELDS.map((name, index) => {
      const value = values[index] ?? null;
      if (value === null) return [name, null];
      return [name, EXTRA_NUMBERS.has(name) ? Number(text(value)) : text(value)];
    }),
  ) as Extra;

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
    ...Object.fromEntries(
      EXTRA_FIELDS.flatMap((name) => {
        const value = record[name];
        return value === null ? [] : [[name, value] as const];
      }),
    ),
  }).flat();

/** Parses the reply of the script `findSession`. */
export function readSession(handle: string, [row, time]: readonly (readonly unknown[])[]): FoundSession {
  const [version, user, claims, claimsVersion, data, state, origin, ...extra] = row ?? [];
  return {
    handle,
    userKey: text(user),
    version: Number(text(version)),
    claims: text(claims),
    claimsVersion: Number(text(claimsVersion)),
    data: text(data),
    ...named<RefreshWrite>(REFRESH_FIELDS, state),
    ...named<Origin>(ORIGIN_FIELDS, origin),
    ...readExtra(extra),
    storeTime: readTime(time ?? []),
  };
}

/** Converts seconds and microseconds. */
export const readTime = ([seconds, microseconds]: readonly unknown[]): number =>
  Number(text(seconds)) * 1000 + Math.floor(Number(text(microseconds)) / 1000);

/** Parses the reply of the script `listSessionsOfUser`. */
export function readSummary(userKey: string, entry: unknown): SessionSummary {
  const [handle, row] = entry as readonly [unknown, readonly unknown[]];
  const [version, claimsVersion, state, origin, ...extra] = row;
  return {
    handle: text(handle),
    userKey,
    version: Number(text(version)),
    claimsVersion: Number(text(claimsVersion)),
    ...named<RefreshWrite>(REFRESH_FIELDS, state),
    ...named<Origin>(ORIGIN_FIELDS, origin),
    ...readExtra(extra),
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
