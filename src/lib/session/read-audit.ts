import { generalError } from "../errors.ts";
import type { AuditPosition, AuditRow } from "../revocation/audit-store.ts";
import type { AuditEvent } from "./audit.ts";
import type { SessionContext } from "./context.ts";
import { checkPageLimit, type PageOptions } from "./list-sessions.ts";
import { fromUserKey, type UserId } from "./user-id.ts";

/** A row of the audit table. */
export interface AuditEntry<Id extends UserId = UserId> {
  /** A unique name of the row. */
  readonly id: string;
  /** When it happened, in ms since the epoch, by the clock of the database. */
  readonly loggedAt: number;
  /** What happened. */
  readonly event: AuditEvent;
  /** The session; absent if the row is about none, or several. */
  readonly handle?: string;
  /** The user; absent if the row is about no user. */
  readonly userId?: Id;
  /** Who acted for the user in the session; absent if the user did. */
  readonly actorId?: Id;
  /** Further facts, for instance the `reason` of `session-revoked`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One page of the audit table. */
export interface AuditPage<Id extends UserId = UserId> {
  /** The rows, newest first. */
  readonly entries: readonly AuditEntry<Id>[];
  /** The cursor of the next page; undefined on the last page. */
  readonly next: string | undefined;
}

/** Which rows of the audit table to return. Times are by the clock of the database. */
export interface AuditOptions extends PageOptions {
  /** Only rows of this time or later, in ms since the epoch. Default: all that are kept. */
  readonly from?: number | undefined;
  /** Only rows before this time, in ms since the epoch. Default: also the newest. */
  readonly until?: number | undefined;
}

/**
 * A page of the rows about a user, or of all rows.
 *
 * @throws SessionError `ARGUMENT_INVALID`
 */
export async function readAudit(
  context: SessionContext,
  userKey: string | undefined,
  { limit, after, from, until }: AuditOptions,
): Promise<AuditPage> {
  checkPageLimit(limit);
  const begin = checkTime("from", from) ?? 0;
  const end = checkTime("until", until);
  const position = readCursor(after) ?? (end === undefined ? undefined : { loggedAt: end, id: "" });
  return context.calls.run(async () => {
    await context.ready();
    // One more than asked for tells whether there is a next page.
    const rows = await context.store.readAudit({ userKey, from: begin, limit: limit + 1, after: position });
    const own = rows.slice(0, limit);
    const last = own.length < rows.length ? own.at(-1) : undefined;
    return { entries: own.map(toEntry), next: last === undefined ? undefined : `${last.loggedAt}.${last.id}` };
  });
}

const toEntry = ({ id, loggedAt, event, handle, userKey, actorKey, facts }: AuditRow): AuditEntry => ({
  id,
  loggedAt,
  event: event as AuditEvent,
  ...(handle === null ? {} : { handle }),
  ...(userKey === null ? {} : { userId: fromUserKey(userKey) }),
  ...(actorKey === null ? {} : { actorId: fromUserKey(actorKey) }),
  facts: JSON.parse(facts) as Readonly<Record<string, unknown>>,
});

const CURSOR = /^(\d{1,15})\.([A-Za-z0-9_-]{1,64})$/;

function readCursor(after: unknown): AuditPosition | undefined {
  if (after === undefined) return undefined;
  const [, loggedAt, id] = (typeof after === "string" ? CURSOR.exec(after) : undefined) ?? [];
  if (id !== undefined) return { loggedAt: Number(loggedAt), id };
  throw generalError("ARGUMENT_INVALID", "after is not a cursor; give next of the page before, as it came");
}

function checkTime(name: string, time: unknown): number | undefined {
  if (time === undefined || (Number.isSafeInteger(time) && (time as number) >= 0)) return time as number | undefined;
  throw generalError(
    "ARGUMENT_INVALID",
    `${name} is not a whole number of ms since the epoch; give one, or leave it out`,
  );
}
