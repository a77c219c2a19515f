import { type ClientSession, HOST_PREFIX, MARKER_COOKIE, parseMarker } from "../../protocol.ts";

/** What a page knows of the session that the browser has. Tabs tell it each other, and it is kept for the next page. */
export interface KnownSession {
  /** Text of the marker; another text means other tokens. */
  readonly marker: string;
  /** Undefined: not known yet. */
  readonly user?: ClientSession | undefined;
  /** Undefined: not known yet; null: the server wants none. */
  readonly antiCsrf?: string | null | undefined;
}

/** Name of the session that a marker belongs to. One of another wire version is a name of its own. */
export const handleOf = (marker: string): string => parseMarker(marker)?.handle ?? marker;

/** How long the access token that came with a marker lives, in ms, by the server's clock alone. */
export function lifeOf(marker: string): number {
  const parsed = parseMarker(marker);
  return parsed === undefined ? Infinity : parsed.accessExpires - parsed.issuedAt;
}

/** Whether one marker was made after another one: generations are counted, and only sessions are compared by time. */
export function isNewer(marker: string, than: string): boolean {
  const [a, b] = [parseMarker(marker), parseMarker(than)];
  if (a === undefined || b === undefined) return marker !== than;
  const order = a.handle === b.handle ? a.generation - b.generation : 0;
  return (order || a.issuedAt - b.issuedAt) > 0;
}

/** The marker in the readable cookie; undefined where there is none, or cookies cannot be read. */
export function readMarkerCookie(): string | undefined {
  try {
    for (const prefix of [HOST_PREFIX, ""]) {
      const marker = new RegExp(`(?:^|; )${prefix}${MARKER_COOKIE}=([^;]+)`).exec(document.cookie)?.[1];
      if (marker !== undefined) return marker;
    }
  } catch {
    // A worker has no document, and a sandboxed frame may not ask.
  }
  return undefined;
}
