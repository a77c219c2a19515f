import type { HttpExchange } from "./exchange/exchange.ts";

/** How long a request is judged by the time of its first check, in ms. */
export const REQUEST_MS = 60_000;

/** The times by which requests are judged. */
export interface RequestTimes {
  /** Records when the token of a session came with a request. The first time counts. */
  see(exchange: HttpExchange, handle: string, at: number): void;
  /**
   * The time to judge a token by: now, or the first check in the same request if the token has
   * expired since.
   */
  judgedAt(exchange: HttpExchange, token: ExpiringToken, now: number): number;
}

interface ExpiringToken {
  readonly handle: string;
  /** In ms since the epoch. */
  readonly expires: number;
}

/**
 * A request checks its session more than once: a guard and the route, a proxy and the page, a
 * layout and its loader. All get one verdict, so that a token which expires meanwhile does not
 * split a page.
 */
export function createRequestTimes(): RequestTimes {
  const seen = new WeakMap<object, { readonly handle: string; readonly at: number }>();

  function see({ key }: HttpExchange, handle: string, at: number): void {
    if (!seen.has(key)) seen.set(key, { handle, at });
  }

  return {
    see,
    judgedAt(exchange, { handle, expires }, now) {
      if (now < expires) {
        // Most tokens outlive the request and need no record.
        if (expires - now < REQUEST_MS) see(exchange, handle, now);
        return now;
      }
      const first = seen.get(exchange.key);
      if (first === undefined || first.handle !== handle) return now;
      return first.at < expires && Math.abs(now - first.at) < REQUEST_MS ? first.at : now;
    },
  };
}
