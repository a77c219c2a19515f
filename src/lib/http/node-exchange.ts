import type { IncomingMessage, ServerResponse } from "node:http";
import { generalError } from "../errors.ts";
import type { HttpAnswer, HttpExchange } from "./exchange.ts";

/** A request of Node's own server, with what frameworks on top of it add. */
export type NodeRequest = IncomingMessage & { readonly originalUrl?: string; readonly ip?: string | undefined };

/** An exchange over a request and response of Node's own. Builds no Web objects: reading a header stays a property access. */
export function createNodeExchange(request: NodeRequest, response: ServerResponse): HttpExchange {
  const checkUnsent = (): void => {
    if (!response.headersSent) return;
    throw generalError(
      "RESPONSE_ALREADY_SENT",
      "the answer has been sent, so its cookies and headers can no longer be set; call this before res.send, res.json or res.write",
    );
  };
  return {
    method: request.method ?? "GET",
    url: request.originalUrl ?? request.url ?? "/",
    ip: request.ip ?? request.socket.remoteAddress,
    header(name) {
      // Node keeps only the first of several, which need not be the one that a proxy has looked at.
      if (name === "authorization" && request.headers.authorization !== undefined)
        return request.headersDistinct["authorization"]?.join(", ");
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
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

/** Sends a whole answer. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}
