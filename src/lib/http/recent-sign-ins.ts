import type { Clock } from "../clock.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

const MINUTES_5 = 300_000;
const MOST = 20;
const MOST_CHARACTERS = 300;

/** The clients with a recent sign-in, as far as a request identifies them. */
export interface RecentSignIns {
  add(exchange: HttpExchange): void;
  /** After a sign-out of the client. */
  remove(exchange: HttpExchange): void;
  /** Whether the client signed in within the last five minutes, and has not signed out. */
  has(exchange: HttpExchange): boolean;
}

/**
 * Remembers the last 20 clients by IP address and user agent. A client without a user agent is not
 * remembered.
 */
export function createRecentSignIns(now: Clock): RecentSignIns {
  // Ordered by time.
  const times = new Map<string, number>();

  const nameOf = (exchange: HttpExchange): string | undefined => {
    const agent = exchange.header("user-agent");
    return agent === undefined ? undefined : `${exchange.ip} ${agent}`.slice(0, MOST_CHARACTERS);
  };

  return {
    add(exchange) {
      const name = nameOf(exchange);
      if (name === undefined) return;
      times.delete(name);
      times.set(name, now());
      const [oldest] = times.keys();
      if (times.size > MOST && oldest !== undefined) times.delete(oldest);
    },
    remove: (exchange) => void times.delete(nameOf(exchange) ?? ""),
    has: (exchange) => now() - (times.get(nameOf(exchange) ?? "") ?? Number.NEGATIVE_INFINITY) < MINUTES_5,
  };
}
