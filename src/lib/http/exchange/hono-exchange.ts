import { BODY_HEADERS, type HttpResponse } from "./exchange.ts";
import { exchangeOf, findExchange, openWebExchange, toResponse, type WebExchange } from "./web-exchange.ts";

/** The used part of Hono's context. */
export interface HonoContextShape {
  readonly req: { readonly raw: Request };
  readonly res: Response;
  header(name: string, value?: string, options?: { append?: boolean }): void;
}

// Keyed by the context, because a middleware such as `bodyLimit()` may replace `c.req.raw`.
const exchanges = new WeakMap<object, WebExchange>();

export function openHonoExchange(context: HonoContextShape, ip: () => string | undefined): WebExchange {
  const exchange = openWebExchange(context.req.raw, ip);
  exchanges.set(context, exchange);
  return exchange;
}

/** Also finds the exchange of an outer app with the same request. */
export const findHonoExchange = (context: HonoContextShape): WebExchange | undefined =>
  exchanges.get(context) ?? findExchange(context.req.raw);

/** @throws SessionError `ARGUMENT_INVALID` */
export const honoExchangeOf = (context: HonoContextShape): WebExchange =>
  findHonoExchange(context) ?? exchangeOf(context.req.raw, "app.use(sessionRoutes()) before the route");

/** Puts the collected headers on the response. */
export const closeHonoExchange = (exchange: WebExchange, context: HonoContextShape): void =>
  exchange.close(context.res.status, {
    get: (name) => context.res.headers.get(name),
    set: (name, value) => context.header(name, value),
    append: (name, value) => context.header(name, value, { append: true }),
  });

/**
 * Makes a whole response. Hono copies the headers of the previous response onto it, so headers that
 * describe another body or contradict ours are removed.
 */
export function toHonoResponse(context: HonoContextShape, httpResponse: HttpResponse): Response {
  // Reading creates the response from the headers and cookies set so far.
  void context.res;
  for (const name of [...BODY_HEADERS, ...Object.keys(httpResponse.headers)]) context.header(name, undefined);
  return toResponse(httpResponse);
}
