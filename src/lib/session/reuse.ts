import { TokenTheftError } from "../errors.ts";
import type { RefreshToken } from "../token/refresh-token.ts";
import { actorField } from "./actor.ts";
import type { SessionContext } from "./context.ts";
import type { SessionEvents } from "./events.ts";
import { type DeviceFacts, type SessionRecord, storedDevice } from "./record.ts";
import { fromUserKey } from "./user-id.ts";

/** The owner and the age of a reused token. */
export interface ReuseEvidence {
  readonly now: number;
  readonly presentingDevice: DeviceFacts;
  /** The response to the revocation was lost. */
  readonly unknown?: true;
}

/** Reports a reuse that ended its session. @returns the error for the client */
export function raiseAlarm(
  context: SessionContext,
  token: RefreshToken,
  record: SessionRecord,
  evidence: ReuseEvidence,
): TokenTheftError {
  const { handle } = record;
  const userId = fromUserKey(record.userKey);
  emitReuse(context, token, record, { ...evidence, revoked: true });
  context.events.emit("session-revoked", {
    handles: [handle],
    userId,
    reason: "reuse",
    ...actorField(record),
    ...ifUnknown(evidence),
  });
  return new TokenTheftError(handle, userId);
}

/** Reports a reuse that ends nothing, with `rotation.onReuse: "report"`. */
export function reportReuse(
  context: SessionContext,
  token: RefreshToken,
  record: SessionRecord,
  evidence: ReuseEvidence,
): void {
  emitReuse(context, token, record, { ...evidence, revoked: false });
}

const ifUnknown = ({ unknown }: ReuseEvidence): { readonly unknown?: true } =>
  unknown === undefined ? {} : { unknown };

function emitReuse(
  { events }: SessionContext,
  token: RefreshToken,
  record: SessionRecord,
  evidence: ReuseEvidence & { readonly revoked: boolean },
): void {
  events.emit("reuse-detected", {
    handle: record.handle,
    userId: fromUserKey(record.userKey),
    revoked: evidence.revoked,
    ...ifUnknown(evidence),
    ...reuseFacts(token, record, evidence),
  });
}

/** Writes a row about a reuse that ended nothing, if the store can. */
export async function auditReuse(
  { audit }: SessionContext,
  token: RefreshToken,
  record: SessionRecord,
  evidence: ReuseEvidence,
): Promise<void> {
  const facts = (): object => ({ ...reuseFacts(token, record, evidence), ...actorField(record) });
  // Nobody waits for it, and the session goes on without.
  await audit.append("reuse-detected", facts, record).catch(() => undefined);
}

type ReuseFacts = Omit<SessionEvents["reuse-detected"], "handle" | "userId" | "revoked" | "unknown">;

/** What is known of both sides of a reuse. */
export function reuseFacts(
  token: RefreshToken,
  record: SessionRecord,
  { now, presentingDevice }: ReuseEvidence,
): ReuseFacts {
  const since = (time: number | null): number | null => (time === null ? null : now - time);
  return {
    presented: token.doubleHash === record.currentHash ? "current" : "superseded",
    presentedGeneration: token.generation,
    currentGeneration: record.generation,
    sinceConfirmation: since(record.confirmedAt),
    sinceChildSeen: since(record.childSeenAt),
    lastDevice: storedDevice(record),
    presentingDevice,
  };
}
