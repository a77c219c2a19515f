import type { ServerResponse } from "node:http";
import { type NodeRequest, sendResponse } from "../exchange/node-exchange.ts";
import type { SessionRoutesOptions } from "./adapter-calls.ts";
import { goOn } from "./go-on.ts";
import { answerNodeRoute } from "./node-calls.ts";

/** The ready routes as a middleware, of Express and of both platforms under NestJS. */
export function createRouteMiddleware(
  options: SessionRoutesOptions,
): (request: NodeRequest, response: ServerResponse, next: (error?: unknown) => void) => void {
  return (request, response, next) => {
    goOn(
      () => answerNodeRoute(options, request, response),
      (httpResponse) => (httpResponse === undefined ? next() : sendResponse(response, httpResponse)),
      next,
    );
  };
}
