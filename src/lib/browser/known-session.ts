import { type ClientSession, parseMarker } from "../../protocol.ts";

/**
 * Between markers of which only the server can tell the current one. No cookie has it in its value.
 */
export const SEPARATOR = ";";

/**
 * What a page knows of the session that the browser has. Tabs tell it each other, and it is kept
 * for the next page.
 */
export interface KnownSession {
  /** Text of the marker; another text means other tokens. */
  readonly marker: string;
  /** Undefined: not known yet. */
  readonly user?: ClientSession | undefined;
  /** Undefined: not known yet; null: the server wants none. */
  readonly antiCsrf?: string | null | undefined;
  /**
   * When the answer came that brought the marker, by the clock of this browser, in ms. Undefined:
   * nobody knows.
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
 * again. A session whose user is not known yet is somebody else's, unless nothing but the session
 * is known of the owner either.
 */
export function isOwner(owner: CallOwner, { user, marker }: KnownSession): boolean {
  if (owner.user) return owner.user.userId === user?.userId;
  const handles = handlesIn(owner.marker);
  return handlesIn(marker).some((handle) => handles.includes(handle));
}

/** Undefined for a marker of another wire version, whose name changes with each refresh. */
const handlesIn = (markers: string): readonly (string | undefined)[] =>
  markers.split(SEPARATOR).map((marker) => parseMarker(marker)?.handle);

/**
 * Name of the session that a marker belongs to. One of another wire version is a name of its own.
 */
export const handleOf = (marker = ""): string => parseMarker(marker)?.handle ?? marker;

/**
 * How long the access token that came with a marker can be used, in ms: as it lives by the server's
 * clock, less a little for its way.
 */
export function usableFor(marker = ""): number {
  const parsed = parseMarker(marker);
  const life = parsed ? parsed.accessExpires - parsed.issuedAt : Infinity;
  return life - Math.min(life / 10, 5000);
}

/**
 * Whether one marker was made after another one: generations are counted, and only sessions are
 * compared by time.
 */
export function isNewer(marker: string, than: string): boolean {
  const [a, b] = [parseMarker(marker), parseMarker(than)];
  if (!a || !b) return marker !== than;
  const order = a.handle === b.handle ? a.generation - b.generation : 0;
  return (order || a.issuedAt - b.issuedAt) > 0;
}
