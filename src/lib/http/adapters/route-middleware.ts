/** The ready routes over Node's own request and response: Express, NestJS and `node:http`. */
import type { HttpContext } from "../context.ts";
import type { HttpExchange } from "../exchange/exchange.ts";
import { createNodeExchange, type NodeRequest, type NodeResponse, sendResponse } from "../exchange/node-exchange.ts";
import { type Asked, findAsked, mayConcernRoutes, runRoute } from "../routes.ts";
import type { SessionRoutesOptions } from "./adapter-calls.ts";
import { httpOf } from "./instance-option.ts";

type Next = (error?: unknown) => void;

/** The session routes as a middleware. It calls `next` in the same tick for every other request. */
export function createRouteMiddleware(
  options: SessionRoutesOptions,
): (request: NodeRequest, response: NodeResponse, next: Next) => void {
  return (request, response, next) => {
    let found: Found | undefined;
    try {
      found = find(options, request, response);
    } catch (error) {
      next(error);
      return;
    }
    if (found === undefined) next();
    else
      runRoute(found.http, found.exchange, found.asked, options)
        .then((httpResponse) => sendResponse(response, httpResponse))
        .catch(next);
  };
}

interface Found {
  readonly http: HttpContext;
  readonly exchange: HttpExchange;
  readonly asked: Asked;
}

function find(options: SessionRoutesOptions, request: NodeRequest, response: NodeResponse): Found | undefined {
  const http = httpOf(options);
  const { method = "GET", url = "/", originalUrl = url, headers } = request;
  if (!mayConcernRoutes(http, { method, url: originalUrl, origin: headers.origin })) return undefined;
  const exchange = createNodeExchange(request, response);
  const asked = findAsked(http, exchange);
  return asked && { http, exchange, asked };
}
