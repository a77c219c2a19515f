import { everyField } from "../every-field.ts";
import type { RotationState } from "./rotation.ts";

/** What is known about the device that a session is used from. Coarse on purpose: enough to recognise, too little to track. */
export interface DeviceFacts {
  /** Network of the client: the /24 of an IPv4 address, the /48 of an IPv6 address, for instance `203.0.113.0/24`. */
  readonly ip?: string;
  /** Browser and system in words, for instance `Firefox on Linux`. */
  readonly userAgent?: string;
  /** A name that the app or the user gave it, for instance `Work laptop`. */
  readonly label?: string;
}

/** A row without what the app keeps in it, which may be large. */
export type SessionSummary = Omit<SessionRecord, "claims" | "data">;

/**
 * When a session ends unless it is refreshed. A timeout that the config has made shorter since holds for the sessions that there are, too.
 */
export function sessionEnd(
  { expiresAt, createdAt, lastSeenAt }: Pick<SessionRecord, "expiresAt" | "createdAt" | "lastSeenAt">,
  { idleTimeout, absoluteTimeout }: { readonly idleTimeout: number; readonly absoluteTimeout: number },
): number {
  return Math.min(expiresAt, lastSeenAt + idleTimeout, createdAt + absoluteTimeout);
}

/**
 * One session as a store keeps it. All values are strings, integers or null, so that a row needs no conversion:
 * times are integer ms since the epoch, JSON is text that comes back byte for byte.
 */
export interface SessionRecord extends RotationState {
  /** Public random name of the session: 24 characters of base64url. Begins with the shard of its user, see `handle.ts`. */
  readonly handle: string;
  /** Exact identity of the user, see `user-id.ts`; compared byte by byte. */
  readonly userKey: string;
  /**
   * The session that the sign-in of this one was told to replace, whether it was still there or
   * not; null where it carried none.
   */
  readonly replacedHandle: string | null;
  /** Counts the changes of this row; every change is a compare-and-set on it. */
  readonly version: number;
  /** `jwtPayload` as JSON text. */
  readonly claims: string;
  /** Counts the changes of `claims`. */
  readonly claimsVersion: number;
  /** `sessionData` as JSON text. */
  readonly data: string;
  /** {@link DeviceFacts} as JSON text. */
  readonly device: string;
  readonly createdAt: number;
  /** When the user last proved who they are. */
  readonly authTime: number;
  /** Last sign-in or refresh. */
  readonly lastSeenAt: number;
  /** When the session ends unless it is refreshed; never later than `absoluteExpiresAt`. */
  readonly expiresAt: number;
  readonly absoluteExpiresAt: number;
}

export const SUMMARY_FIELDS: readonly (keyof SessionSummary)[] = everyField<SessionSummary>({
  handle: true,
  userKey: true,
  version: true,
  generation: true,
  currentHash: true,
  parentHash: true,
  childMintedAt: true,
  childSeenAt: true,
  confirmedAt: true,
  claimsVersion: true,
  device: true,
  createdAt: true,
  authTime: true,
  lastSeenAt: true,
  expiresAt: true,
  absoluteExpiresAt: true,
  replacedHandle: true,
});
