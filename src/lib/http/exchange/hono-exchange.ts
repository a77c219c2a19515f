import { BODY_HEADERS, type HttpResponse } from "./exchange.ts";
import { exchangeOf, findExchange, openWebExchange, toResponse, type WebExchange } from "./web-exchange.ts";

/** What is used of Hono's context. */
export interface HonoContextShape {
  readonly req: { readonly raw: Request };
  readonly res: Response;
  header(name: string, value?: string, options?: { append?: boolean }): void;
}

// By the context: a middleware may put another request in the place of `c.req.raw`, as
// `bodyLimit()` does.
const exchanges = new WeakMap<object, WebExchange>();

export function openHonoExchange(context: HonoContextShape, ip: () => string | undefined): WebExchange {
  const exchange = openWebExchange(context.req.raw, ip);
  exchanges.set(context, exchange);
  return exchange;
}

/** Also finds the exchange of an app that this one is mounted in with the same request. */
export const findHonoExchange = (context: HonoContextShape): WebExchange | undefined =>
  exchanges.get(context) ?? findExchange(context.req.raw);

/** @throws SessionError `ARGUMENT_INVALID` */
export const honoExchangeOf = (context: HonoContextShape): WebExchange =>
  findHonoExchange(context) ?? exchangeOf(context.req.raw, "app.use(sessionRoutes()) before the route");

/** Puts what was collected on the response. */
export const closeHonoExchange = (exchange: WebExchange, context: HonoContextShape): void =>
  exchange.close(context.res.status, {
    get: (name) => context.res.headers.get(name),
    set: (name, value) => context.header(name, value),
    append: (name, value) => context.header(name, value, { append: true }),
  });

/**
 * A whole answer. Hono puts the headers of the response that there is on the one that takes its
 * place, so they must describe no other body and contradict no header of ours; all others stay.
 */
export function toHonoResponse(context: HonoContextShape, httpResponse: HttpResponse): Response {
  // Reading makes the response, of the headers and cookies that have been set so far.
  void context.res;
  for (const name of [...BODY_HEADERS, ...Object.keys(httpResponse.headers)]) context.header(name, undefined);
  return toResponse(httpResponse);
}
