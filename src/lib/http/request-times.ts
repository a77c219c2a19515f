import type { HttpExchange } from "./exchange/exchange.ts";

/** For how long one request is judged by the first look at its token, in ms. */
export const REQUEST_MS = 60_000;

/** As of when requests are judged. */
export interface RequestTimes {
  /** Notes when the token of a session came with a request; the first time counts. */
  see(exchange: HttpExchange, handle: string, at: number): void;
  /**
   * The time to judge a token by: now, or the first look at it in the same request where it has
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
 * A request asks for its session more than once: a guard and the route, a proxy and the page, a
 * layout and its loader. All of them get one judgement, so that no page is half of the user's and
 * half of nobody's because the token has expired in between.
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
        // A token that outlives the request needs no note, and most do.
        if (expires - now < REQUEST_MS) see(exchange, handle, now);
        return now;
      }
      const first = seen.get(exchange.key);
      if (first === undefined || first.handle !== handle) return now;
      return first.at < expires && Math.abs(now - first.at) < REQUEST_MS ? first.at : now;
    },
  };
}
