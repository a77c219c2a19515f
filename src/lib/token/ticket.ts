import type { Realm } from "./realm.ts";
import type { Secrets } from "../crypto/secret.ts";

/** Contents of a ticket. The fields are public; the signed ticket as a whole is a credential. */
export interface Ticket {
  /** Identifies this ticket, so that it is used once; looks like a handle. */
  readonly once: string;
  readonly handle: string;
  /** In ms since the epoch. */
  readonly expires: number;
}

export interface Tickets {
  format(ticket: Ticket): string;
  /** @returns undefined for a text that this installation has not made */
  parse(text: string): Ticket | undefined;
}

// Only characters of a WebSocket subprotocol (RFC 6455 4.1), so that browsers can send it outside
// of the URL.
const SHAPE = /^(cft1\.([A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{24})\.(\d{1,16}))\.([A-Za-z0-9_-]{43})$/;

/**
 * One-time tickets: `cft1.<once>.<handle>.<expires>.<MAC>`. The MAC includes the realm, if there is
 * one.
 */
export function createTickets(secrets: () => Pick<Secrets, "tickets">, realm: Realm = ""): Tickets {
  const messageOf = (claim: string): string => (realm === "" ? claim : `${claim}.${realm}`);
  return {
    format({ once, handle, expires }) {
      const claim = `cft1.${once}.${handle}.${expires}`;
      return `${claim}.${secrets().tickets[0].text(messageOf(claim))}`;
    },
    parse(text) {
      const [, claim, once, handle, expires, given] = SHAPE.exec(text) ?? [];
      if (claim === undefined || once === undefined || handle === undefined || given === undefined) return undefined;
      const isOurs = secrets().tickets.some((mac) => mac.matches(messageOf(claim), given));
      return isOurs ? { once, handle, expires: Number(expires) } : undefined;
    },
  };
}
