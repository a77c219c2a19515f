import { everyField } from "../every-field.ts";
import type { RotationState } from "./rotation.ts";

/** What is stored of a device: enough to recognise it, too little to track it. */
export interface DeviceFacts {
  /** The network of the client, `/24` of IPv4 or `/48` of IPv6, for instance `203.0.113.0/24`. */
  readonly ip?: string;
  /** The browser and the system, for instance `Firefox on Linux`. */
  readonly userAgent?: string;
  /** The place that `session.locate` found for the address, for instance `Berlin, DE`. */
  readonly location?: string;
  /** A name that the app or the user gave, for instance `Work laptop`. */
  readonly label?: string;
}

/** What is stored of the device of a row. Rows of earlier code have the label in `device`. */
export function storedDevice({ device, label }: Pick<SessionRecord, "device" | "label">): DeviceFacts {
  const { label: earlier, ...facts } = JSON.parse(device) as DeviceFacts;
  const name = label ?? earlier ?? "";
  return name === "" ? facts : { ...facts, label: name };
}

/** A row without `claims` and `data`, which may be large. */
export type SessionSummary = Omit<SessionRecord, "claims" | "data">;

/**
 * When a session ends unless it is refreshed. A timeout that was shortened in the config also
 * applies to existing sessions.
 */
export function sessionEnd(
  { expiresAt, createdAt, lastSeenAt }: Pick<SessionRecord, "expiresAt" | "createdAt" | "lastSeenAt">,
  { idleTimeout, absoluteTimeout }: { readonly idleTimeout: number; readonly absoluteTimeout: number },
): number {
  return Math.min(expiresAt, lastSeenAt + idleTimeout, createdAt + absoluteTimeout);
}

/**
 * One session as a store keeps it. All values are strings, integers or null, so a row needs no
 * conversion: times are integers in ms since the epoch, JSON is text that comes back byte for byte.
 */
export interface SessionRecord extends RotationState {
  /** The public name of the session: 24 characters of base64url, unique. */
  readonly handle: string;
  /** The user id as JSON text; compared byte by byte. */
  readonly userKey: string;
  /**
   * The session that this sign-in replaced, whether it still existed or not; null if there was
   * none.
   */
  readonly replacedHandle: string | null;
  /** 0: the cookies end with the browser. 1: they last. Null: a row of earlier code, as 1. */
  readonly persistent: number | null;
  /** How the user signed in (RFC 8176), a JSON list of texts; null: unknown. */
  readonly amr: string | null;
  /** Who acts for the user, as `userKey`; null: the user. */
  readonly actorKey: string | null;
  /** The actor's own session, with which this one ends. */
  readonly actorHandle: string | null;
  /**
   * The name that the app or the user gave to the device. Null: none, or `device` has it, as in
   * rows of earlier code; empty: none.
   */
  readonly label: string | null;
  /** 1: the user has signed in from this device before. 0: not. Null: unknown. */
  readonly knownDevice: number | null;
  /** The number of changes of the row. Every change is a compare-and-set on it. */
  readonly version: number;
  /** `jwtPayload` as JSON text. */
  readonly claims: string;
  /** The number of changes of `claims`. */
  readonly claimsVersion: number;
  /** `sessionData` as JSON text. */
  readonly data: string;
  /** {@link DeviceFacts} as JSON text. */
  readonly device: string;
  /** When the session began. */
  readonly createdAt: number;
  /** When the user signed in. */
  readonly authTime: number;
  /** When the session was last refreshed; at first the sign-in. */
  readonly lastSeenAt: number;
  /** When the session ends if it is not refreshed; at most `absoluteExpiresAt`. */
  readonly expiresAt: number;
  /** When the session ends, refreshed or not. */
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
  persistent: true,
  amr: true,
  actorKey: true,
  actorHandle: true,
  label: true,
  knownDevice: true,
});
