import { unauthorised } from "../errors.ts";
import type { SessionContext } from "./context.ts";
import { newHandle } from "./handle.ts";
import { loadSession } from "./manage-sessions.ts";
import type { TokenInfo } from "./tokens.ts";
import { fromUserKey } from "./user-id.ts";
import type { Session } from "./verify-session.ts";

/** A ticket for a live session, good for one use within `validity`, in ms. */
export async function createTicket(context: SessionContext, handle: string, validity: number): Promise<TokenInfo> {
  const { userKey } = await loadSession(context, handle);
  const expires = context.now() + validity;
  return { value: context.tickets.format({ once: newHandle(userKey), handle, expires }), expires };
}

/** The session of a ticket, which cannot be used again. @throws SessionError `TICKET_INVALID` */
export async function redeemTicket<Claims>(context: SessionContext, value: string): Promise<Session<Claims>> {
  await context.ready();
  const ticket = typeof value === "string" ? context.tickets.parse(value) : undefined;
  if (ticket === undefined)
    throw unauthorised("TICKET_INVALID", "the ticket is not one that this installation made; ask for another");
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
