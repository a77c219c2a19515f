/**
 * What somebody can do who knows this library's code and formats and has a copy of its database.
 */
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { KeyRecord } from "../../src/lib/key/key-record.ts";
import { openKeyRecord, type RingKey, wrapContext } from "../../src/lib/key/ring-key.ts";
import type { SessionRecord } from "../../src/lib/session/record.ts";
import { createSecrets, deriveKey } from "../../src/lib/crypto/secret.ts";

type StolenSession = Pick<SessionRecord, "handle" | "generation" | "currentHash" | "parentHash">;

export interface Dump {
  readonly file: string;
  readonly sessions: readonly StolenSession[];
  readonly keys: readonly KeyRecord[];
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();
export const bytesOf = (token: string): Buffer => Buffer.from(token.slice("cfr1.".length), "base64url");
export const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export function steal(path: string, file: string): Dump {
  for (const suffix of ["", "-wal"]) if (existsSync(path + suffix)) copyFileSync(path + suffix, file + suffix);
  const database = new DatabaseSync(file);
  const sessions = database
    .prepare(
      "SELECT handle, generation, current_hash AS currentHash, parent_hash AS parentHash FROM counterfoil_session",
    )
    .all() as unknown as StolenSession[];
  const keys = database
    .prepare(
      `SELECT kid, sequence, algorithm, wrapped_seed AS wrappedSeed, created_at AS createdAt, activates_at AS activatesAt
       FROM counterfoil_key ORDER BY sequence`,
    )
    .all() as unknown as KeyRecord[];
  database.close();
  return { file, sessions, keys };
}

/** Seeds that the thief can make up from the dump alone, put to work as the real keys would be. */
export function guessedKeys(record: KeyRecord): RingKey[] {
  const sealed = Buffer.from(record.wrappedSeed.split(".").at(-1) ?? "", "base64url");
  const seeds = [
    Buffer.from(record.wrappedSeed),
    sealed,
    sealed.subarray(12, 44),
    sealed.subarray(-32),
    sha256(sealed),
    deriveKey(record.wrappedSeed, "key wrapping"),
    Buffer.alloc(32),
    Buffer.from(record.kid),
  ];
  return seeds.map((seed) => openKeyRecord(record, seed));
}

/** The real keys: for a thief who has the secret as well. */
export const openKeys = (dump: Dump, secret: string): RingKey[] =>
  dump.keys.map((record) => {
    const unwrapped = createSecrets([secret]).unwrap(record.wrappedSeed, wrapContext(record.kid, record.algorithm));
    if (unwrapped === undefined) throw new Error("the secret must open the keys");
    return openKeyRecord(record, unwrapped.seed);
  });

export function forgeAccessToken(key: RingKey, handle: string, now: number): string {
  const [iat, exp] = [Math.floor(now / 1000), Math.floor(now / 1000) + 900];
  const claims = { sub: "victim 0", sid: handle, iat, exp, auth_time: iat, cv: 1, pld: { role: "admin" } };
  const input = `${key.headerSegment}.${encode(claims)}`;
  return `${input}.${key.sign(input)}`;
}

export function forgeRefreshToken(key: RingKey, handle: string, generation: number, parentHash: Buffer): string {
  const count = Buffer.alloc(4);
  count.writeUInt32BE(generation);
  const fields = [
    Buffer.from(key.kid, "base64url"),
    Buffer.from(handle, "base64url"),
    count,
    randomBytes(17),
    parentHash,
  ];
  const signed = Buffer.concat(fields);
  return `cfr1.${Buffer.concat([signed, key.refreshMac.digest(signed)]).toString("base64url")}`;
}

/** Whatever in the dump could be taken for the hash of a parent. */
export const parentHashesOf = ({ currentHash, parentHash }: StolenSession): Buffer[] => {
  const stored = [currentHash, parentHash ?? currentHash].map((text) => Buffer.from(text, "base64url"));
  return [...stored, ...stored.map(sha256), Buffer.alloc(32), randomBytes(32)];
};
