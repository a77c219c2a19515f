/** The two platforms under NestJS. */
import type { ServerResponse } from "node:http";
import { generalError } from "../../errors.ts";
import type { HttpResponse, HttpExchange } from "../exchange/exchange.ts";
import {
  createFastifyExchange,
  type FastifyReplyShape,
  type FastifyRequestShape,
  sendFastify,
} from "./fastify-exchange.ts";
import { createNodeExchange, type NodeRequest, sendResponse } from "../exchange/node-exchange.ts";

/** The request that `@Req()` passes, on Express or Fastify. */
export type PlatformRequest = NodeRequest | FastifyRequestShape;
/** The response that `@Res({ passthrough: true })` passes, on Express or Fastify. */
export type PlatformResponse = ServerResponse | FastifyReplyShape;

/** @throws SessionError `ARGUMENT_INVALID` if the context of GraphQL lacks the response */
export function openPlatformExchange(request: PlatformRequest, response: PlatformResponse | undefined): HttpExchange {
  if (response === undefined)
    throw generalError(
      "ARGUMENT_INVALID",
      "there is no response, on which cookies could be set; in the options of GraphQLModule write context: " +
        "({ req, res }) => ({ req, res }) on Express, and (req, res) => ({ req, res }) on Fastify",
    );
  return isFastify(response)
    ? createFastifyExchange(request as FastifyRequestShape, response)
    : createNodeExchange(request as NodeRequest, response);
}

export function sendPlatform(response: PlatformResponse, httpResponse: HttpResponse): void {
  if (isFastify(response)) sendFastify(response, httpResponse);
  else sendResponse(response, httpResponse);
}

const isFastify = (response: PlatformResponse): response is FastifyReplyShape => "raw" in response;
