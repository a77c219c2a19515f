import { type ClientSession, parseMarker } from "../../protocol.ts";

/**
 * Separates several markers of which only the server knows the current one. No cookie value
 * contains it.
 */
export const SEPARATOR = ";";

/** The page's knowledge of the browser's session. Tabs share it, and the next page inherits it. */
export interface KnownSession {
  /** Text of the marker. Another text means other tokens. */
  readonly marker: string;
  /** Undefined if it is not known yet. */
  readonly user?: ClientSession | undefined;
  /** Undefined if it is not known yet; null if the server requires none. */
  readonly antiCsrf?: string | null | undefined;
  /**
   * When the response with the marker arrived, by this browser's clock, in ms. Undefined if
   * unknown.
   */
  readonly at?: number | undefined;
}

/** The user of a call. Plain data, so a worker can pass it on. */
export interface CallOwner {
  /** Undefined while the page does not know the user. */
  readonly user?: { readonly userId: string | number } | undefined;
  /** The marker of the session that the page saw. */
  readonly marker: string;
}

/**
 * Whether a call of this owner may be sent with that session. The same user may have signed in
 * again. A session of an unknown user counts as another user's, unless the owner's user is unknown,
 * too.
 */
export function isOwner(owner: CallOwner, { user, marker }: KnownSession): boolean {
  if (owner.user) return owner.user.userId === user?.userId;
  const handles = handlesIn(owner.marker);
  return handlesIn(marker).some((handle) => handles.includes(handle));
}

/** Undefined for a marker of another wire version, whose name changes with each refresh. */
const handlesIn = (markers: string): readonly (string | undefined)[] =>
  markers.split(SEPARATOR).map((marker) => parseMarker(marker)?.handle);

/** The handle in a marker. A marker of another wire version is its own name. */
export const handleOf = (marker = ""): string => parseMarker(marker)?.handle ?? marker;

/**
 * How long the access token of a marker can be used, in ms: its lifetime by the server's clock,
 * minus a little for the network.
 */
export function usableFor(marker = ""): number {
  const parsed = parseMarker(marker);
  const life = parsed ? parsed.accessExpires - parsed.issuedAt : Infinity;
  return life - Math.min(life / 10, 5000);
}

/**
 * Whether one marker is newer than another. Markers of one session are compared by generation,
 * those of different sessions by time.
 */
export function isNewer(marker: string, than: string): boolean {
  const [a, b] = [parseMarker(marker), parseMarker(than)];
  if (!a || !b) return marker !== than;
  return ((a.handle === b.handle && a.generation - b.generation) || a.issuedAt - b.issuedAt) > 0;
}
