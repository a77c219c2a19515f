import { randomBytes, randomInt } from "node:crypto";
import type { KeyRecord } from "../../key/key-record.ts";
import type { SessionRecord } from "../../session/record.ts";
import { newHandle } from "../../session/handle.ts";
import { toUserKey, type UserId } from "../../session/user-id.ts";

/** The time at which every clock and row of these clauses starts. */
export const T0 = 1_790_000_000_000;

export const randomName = (bytes: number): string => randomBytes(bytes).toString("base64url");

/** Makes a row as the library does: random handle, new user, live from T0 for an hour. */
export function newRecord(fields: Partial<SessionRecord> = {}): SessionRecord {
  const userKey = fields.userKey ?? newUser();
  return {
    handle: newHandle(userKey),
    userKey,
    replacedHandle: null,
    persistent: null,
    amr: null,
    actorKey: null,
    actorHandle: null,
    label: null,
    knownDevice: null,
    version: 1,
    generation: 1,
    currentHash: randomName(32),
    parentHash: null,
    childMintedAt: null,
    childSeenAt: null,
    confirmedAt: null,
    claims: "{}",
    claimsVersion: 1,
    data: "{}",
    device: "{}",
    createdAt: T0,
    authTime: T0,
    lastSeenAt: T0,
    expiresAt: T0 + 3_600_000,
    absoluteExpiresAt: T0 + 86_400_000,
    ...fields,
  };
}

export const newUser = (id: UserId = randomName(9)): string => toUserKey(id);

// Workers may use no randomness while they load.
let nextSequence: number | undefined;

/** Makes a key with a unique sequence, also across runs on the same database. */
export function newKey(fields: Partial<KeyRecord> = {}): KeyRecord {
  nextSequence = (nextSequence ?? randomInt(2 ** 31)) + 1;
  return {
    kid: randomName(8),
    sequence: 1000 + nextSequence,
    algorithm: "HS256",
    wrappedSeed: `1.${randomName(6)}.${randomName(60)}`,
    createdAt: T0,
    activatesAt: T0,
    ...fields,
  };
}
