import type { IncomingMessage, ServerResponse } from "node:http";
import { alreadySent, JSON_TYPE, type HttpAnswer, type HttpExchange } from "./exchange.ts";

/** A request of Node's own server, with what frameworks on top of it add. */
export type NodeRequest = IncomingMessage & { readonly originalUrl?: string; readonly ip?: string | undefined };

/** An exchange over a request and response of Node's own. Builds no Web objects: reading a header stays a property access. */
export function createNodeExchange(
  request: NodeRequest,
  response: ServerResponse,
  known: { readonly url?: string; readonly ip?: string } = {},
): HttpExchange {
  const checkUnsent = (): void => {
    if (!response.headersSent) return;
    throw alreadySent();
  };
  return {
    method: request.method ?? "GET",
    url: known.url ?? request.originalUrl ?? request.url ?? "/",
    get ip() {
      return known.ip ?? request.ip ?? request.socket.remoteAddress;
    },
    header: (name) => readHeader(request, name),
    checkUnsent,
    setHeader(name, value) {
      checkUnsent();
      response.setHeader(name, value);
    },
    appendHeader(name, value) {
      checkUnsent();
      response.appendHeader(name, value);
    },
    changeCookies(change) {
      checkUnsent();
      const before = response.getHeader("set-cookie") ?? [];
      response.setHeader("set-cookie", change(Array.isArray(before) ? before : [String(before)]));
    },
  };
}

/** A request header by its lower-case name; several of one name are joined. */
export function readHeader(request: IncomingMessage, name: string): string | undefined {
  // Node keeps only the first of several, which need not be the one that a proxy has looked at.
  if (name === "authorization" && request.headers.authorization !== undefined)
    return request.headersDistinct["authorization"]?.join(", ");
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

/** Sends a whole answer. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", JSON_TYPE);
  response.end(JSON.stringify(body));
}
