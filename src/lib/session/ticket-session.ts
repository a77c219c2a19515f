import { type Duration, parseDuration } from "../config/duration.ts";
import { generalError, unauthorised } from "../errors.ts";
import type { SessionContext } from "./context.ts";
import { newHandle } from "./handle.ts";
import { loadSession } from "./manage-sessions.ts";
import type { TokenInfo } from "./tokens.ts";
import { fromUserKey } from "./user-id.ts";
import type { Session } from "./verify-session.ts";

const MAX_VALIDITY = 5 * 60_000;

/** A ticket for a live session, good for one use within `validity`. */
export async function createTicket(context: SessionContext, handle: string, validity: Duration): Promise<TokenInfo> {
  const ms = parseDuration(validity);
  if (ms === undefined || ms <= 0 || ms > MAX_VALIDITY)
    throw generalError("ARGUMENT_INVALID", 'validity is not a duration of at most 5 minutes; write for instance "30s"');
  const { userKey } = await loadSession(context, handle);
  const expires = context.now() + ms;
  return { value: context.tickets.format({ once: newHandle(userKey), handle, expires }), expires };
}

/** The session of a ticket, which cannot be used again. @throws SessionError `TICKET_INVALID` */
export async function redeemTicket<Claims>(context: SessionContext, value: string): Promise<Session<Claims>> {
  await context.ready();
  const ticket = typeof value === "string" ? context.tickets.parse(value) : undefined;
  if (ticket === undefined) throw unauthorised("TICKET_INVALID", "the ticket is not one that this installation made");
  if (context.now() >= ticket.expires) throw unauthorised("TICKET_INVALID", "the ticket has expired; ask for another");
  // Used up before anything else is looked at, so that nobody can try it twice. Remembered for longer than clocks of servers differ.
  if (!(await context.store.rememberOnce(ticket.once, ticket.expires + 60_000)))
    throw unauthorised("TICKET_INVALID", "the ticket has been used before; ask for another");
  const record = await loadSession(context, ticket.handle);
  return {
    handle: record.handle,
    userId: fromUserKey(record.userKey),
    jwtPayload: JSON.parse(record.claims) as Claims,
  };
}
