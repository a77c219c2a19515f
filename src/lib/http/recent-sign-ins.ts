import type { Clock } from "../clock.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

const MINUTES_5 = 300_000;
const MOST = 20;
const MOST_CHARACTERS = 300;

/** The clients that have signed in lately, as far as a request tells them apart. */
export interface RecentSignIns {
  add(exchange: HttpExchange): void;
  /** The client has signed out. */
  remove(exchange: HttpExchange): void;
  /** Whether the client signed in within the last five minutes, and has not signed out. */
  has(exchange: HttpExchange): boolean;
}

/**
 * Remembers the last 20, by address and user agent; one without a user agent is nobody in
 * particular.
 */
export function createRecentSignIns(now: Clock): RecentSignIns {
  // In the order of their times.
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
