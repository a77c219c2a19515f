import { CLOCK_SKEW } from "../clock.ts";
import { unauthorised } from "../errors.ts";
import type { SessionContext } from "./context.ts";
import type { FoundSession } from "./session-store.ts";
import { newHandle } from "./handle.ts";
import { loadSession } from "./manage-sessions.ts";
import type { TokenInfo } from "./tokens.ts";
import { type Session, toSession } from "./verify-session.ts";

/** Makes a ticket for a live session: one use within `validity`, in ms. */
export async function createTicket(context: SessionContext, handle: string, validity: number): Promise<TokenInfo> {
  const { userKey } = await loadSession(context, handle);
  const expires = context.clocks.shared() + validity;
  return { value: context.tickets.format({ once: newHandle(userKey), handle, expires }), expires };
}

/** Redeems a ticket, which works once. @throws SessionError `TICKET_INVALID` */
export const redeemTicket = (context: SessionContext, value: string): Promise<Session> =>
  context.calls.run(() => redeem(context, value));

async function redeem(context: SessionContext, value: string): Promise<Session> {
  await context.ready();
  const ticket = typeof value === "string" ? context.tickets.parse(value) : undefined;
  if (ticket === undefined)
    throw unauthorised("TICKET_INVALID", "the ticket is not one that this installation made; ask for another");
  if (context.clocks.shared() >= ticket.expires)
    throw unauthorised("TICKET_INVALID", "the ticket has expired; ask for another");
  // Marked as used before any other check, so that it cannot be tried twice.
  if (!(await context.store.rememberOnce(ticket.once, ticket.expires + CLOCK_SKEW)))
    throw unauthorised("TICKET_INVALID", "the ticket has been used before; ask for another");
  const record = await loadSession(context, ticket.handle);
  // By then other processes may have forgotten that it was used. A process whose clock stood still
  // would not notice.
  if (isLate(context, record, ticket.expires + CLOCK_SKEW))
    throw unauthorised("TICKET_INVALID", "the ticket has expired; ask for another");
  return toSession(record);
}

const isLate = ({ policy }: SessionContext, { storeTime }: FoundSession, end: number): boolean =>
  policy.rotation.clock === "store" && storeTime !== undefined && storeTime >= end;
