import type { Realm } from "./realm.ts";
import type { Secrets } from "../crypto/secret.ts";

/** What a ticket says. Nothing in it is secret but the whole. */
export interface Ticket {
  /** Names this very ticket, so that it is used once; looks like a handle. */
  readonly once: string;
  readonly handle: string;
  /** In ms since the epoch. */
  readonly expires: number;
}

export interface Tickets {
  format(ticket: Ticket): string;
  /** Undefined for what this installation has not made. */
  parse(text: string): Ticket | undefined;
}

// Characters that may stand in a WebSocket subprotocol (RFC 6455 4.1), which is how browsers can
// send it without putting it into an address.
const SHAPE = /^(cft1\.([A-Za-z0-9_-]{24})\.([A-Za-z0-9_-]{24})\.(\d{1,16}))\.([A-Za-z0-9_-]{43})$/;

/**
 * One-time tickets: `cft1.<once>.<handle>.<expires>.<MAC>`. The MAC is over the realm as well,
 * where there is one.
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
