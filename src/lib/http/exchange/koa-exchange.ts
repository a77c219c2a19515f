import type { IncomingMessage, ServerResponse } from "node:http";
import { BODY_HEADERS, type HttpResponse, type HttpExchange, toContent } from "./exchange.ts";
import { toReadable } from "./event-stream.ts";
import { createNodeExchange } from "./node-exchange.ts";

/** The used part of Koa's context. */
export interface KoaContextShape {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly originalUrl: string;
  readonly ip: string;
  readonly headerSent: boolean;
  readonly state: object;
  status: number;
  body: unknown;
  remove(name: string): void;
  set(name: string, value: string): void;
}

export const createKoaExchange = ({ req, res, originalUrl, ip }: KoaContextShape): HttpExchange =>
  createNodeExchange(req, res, { url: originalUrl, ip });

/** Sends a whole response. */
export function sendKoa(context: KoaContextShape, httpResponse: HttpResponse): void {
  const { status, headers } = httpResponse;
  const content = toContent(httpResponse);
  for (const name of BODY_HEADERS) context.remove(name);
  for (const [name, value] of Object.entries(headers)) context.set(name, value);
  // The body comes first: Koa sets 204 for a body of null.
  context.body = httpResponse.stream === undefined ? (content?.text ?? null) : toReadable(httpResponse.stream);
  const type = httpResponse.type ?? content?.type;
  if (type !== undefined) context.set("content-type", type);
  context.status = status;
}
