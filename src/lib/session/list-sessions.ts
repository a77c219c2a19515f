import { restartCall } from "../call.ts";
import { formatSessionCursor, parseSessionCursor } from "../../protocol.ts";
import { generalError } from "../errors.ts";
import type { SessionPosition } from "./session-store.ts";
import { type Actor, actorField } from "./actor.ts";
import type { SessionContext } from "./context.ts";
import { ifKnown } from "./known-device.ts";
import { type DeviceFacts, storedDevice, sessionEnd, type SessionSummary } from "./record.ts";
import { toUserKey, type UserId } from "./user-id.ts";

/** One live session of a user, for a list of devices. Times are in ms since the epoch. */
export interface SessionInfo<Id extends UserId = UserId> {
  /** The public name of the session. */
  readonly handle: string;
  /** The user, exactly as given at sign-in. */
  readonly userId: Id;
  /** When the session began. */
  readonly createdAt: number;
  /** When the session was last refreshed; at first the sign-in. */
  readonly lastSeenAt: number;
  /** When the session ends if it is not refreshed. */
  readonly expiresAt: number;
  /** When the user signed in; `maxAuthAge` counts from it. */
  readonly authTime: number;
  /** The device that last refreshed the session. */
  readonly device: DeviceFacts;
  /**
   * Whether the user had signed in from this kind of device before; absent if it is unknown. Only
   * with `session.knownDevices`.
   */
  readonly knownDevice?: boolean;
  /** Who acts for the user in this session; absent if the user does. */
  readonly actor?: Actor;
  /** Reserved for device binding; always null. */
  readonly binding: null;
}

/** Which page of a list to return. */
export interface PageOptions {
  /** The most sessions on the page, 1 to 1000. */
  readonly limit: number;
  /** The cursor where the page begins: `next` of the page before. Default: the first page. */
  readonly after?: string | undefined;
}

/** One page of a user's sessions. */
export interface SessionPage<Id extends UserId = UserId> {
  /**
   * The sessions, newest first. May be fewer than `limit`, or none, although another page follows.
   */
  readonly sessions: readonly SessionInfo<Id>[];
  /** The cursor of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/** One page of the handles of a user's sessions. */
export interface HandlePage {
  /**
   * The handles, newest first. May be fewer than `limit`, or none, although another page follows.
   */
  readonly handles: readonly string[];
  /** The cursor of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

const MAX_PAGE = 1000;

/** How many rows of a complete list are read at a time. */
const CHUNK = 250;

interface Part {
  readonly sessions: readonly SessionInfo[];
  readonly next: SessionPosition | undefined;
}

/** All live sessions of a user, newest first. Read in parts: no step of the store may be long. */
export const listSessions = (context: SessionContext, userId: UserId): Promise<SessionInfo[]> =>
  context.calls.run(() => listAll(context, userId));

async function listAll(context: SessionContext, userId: UserId): Promise<SessionInfo[]> {
  const sessions: SessionInfo[] = [];
  let after: SessionPosition | undefined;
  do {
    const part = await readPart(context, userId, { limit: CHUNK, after });
    sessions.push(...part.sessions);
    after = part.next;
    restartCall();
  } while (after !== undefined);
  return sessions;
}

/** A page of them. @throws SessionError `ARGUMENT_INVALID` */
export async function listPage(context: SessionContext, userId: UserId, options: PageOptions): Promise<SessionPage> {
  const { limit, after } = checkPage(options);
  const { sessions, next } = await context.calls.run(() => readPart(context, userId, { limit, after }));
  return { sessions, next: next === undefined ? undefined : formatSessionCursor(next) };
}

async function readPart(
  context: SessionContext,
  userId: UserId,
  { limit, after }: { readonly limit: number; readonly after: SessionPosition | undefined },
): Promise<Part> {
  const userKey = toUserKey(userId);
  await context.ready();
  // A list ends nothing: it shows what is live by either clock.
  const now = context.clocks.earlier();
  // One more than asked for tells whether there is a next page.
  const rows = await context.store.listSessionsOfUser(userKey, now, { limit: limit + 1, after });
  const own = rows.slice(0, limit);
  const live = own.filter((row) => sessionEnd(row, context.policy) > now);
  return {
    sessions: live.map((row) => toSessionInfo(context, userId, row)),
    next: own.length < rows.length ? own.at(-1) : undefined,
  };
}

const toSessionInfo = ({ policy }: SessionContext, userId: UserId, row: SessionSummary): SessionInfo => ({
  handle: row.handle,
  userId,
  createdAt: row.createdAt,
  lastSeenAt: row.lastSeenAt,
  expiresAt: sessionEnd(row, policy),
  authTime: row.authTime,
  device: storedDevice(row),
  ...ifKnown(row.knownDevice === null ? undefined : row.knownDevice === 1),
  ...actorField(row),
  binding: null,
});

function checkPage(options: unknown): { readonly limit: number; readonly after: SessionPosition | undefined } {
  const given: { readonly limit?: unknown; readonly after?: unknown } = Object(options);
  const { limit, after } = given;
  checkPageLimit(limit, ", or no options for the whole list");
  const position = typeof after === "string" ? parseSessionCursor(after) : undefined;
  if (after !== undefined && position === undefined) {
    throw generalError("ARGUMENT_INVALID", "after is not a cursor; give next of the page before, as it came");
  }
  return { limit, after: position };
}

export function checkPageLimit(limit: unknown, otherwise = ""): asserts limit is number {
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return;
  throw generalError(
    "ARGUMENT_INVALID",
    `the limit of a page is not a whole number from 1 to ${MAX_PAGE}; give { limit: 100 }${otherwise}`,
  );
}
