import type { IncomingMessage, ServerResponse } from "node:http";
import { alreadySent, JSON_TYPE, type HttpAnswer, type HttpExchange } from "./exchange.ts";

/** A request of Node's own server, with what frameworks on top of it add. */
export type NodeRequest = IncomingMessage & { readonly originalUrl?: string; readonly ip?: string | undefined };

/** What a framework knows better than Node's own request. */
interface Known {
  readonly url?: string;
  readonly ip?: string;
}

/** An exchange over a request and response of Node's own. Builds no Web objects: reading a header stays a property access. */
export const createNodeExchange = (
  request: NodeRequest,
  response: ServerResponse,
  known: Known = NOTHING,
): HttpExchange => new NodeExchange(request, response, known);

const NOTHING: Known = {};

// A class, because one is made per request: an object of closures costs three times as much (npm run bench -- http).
class NodeExchange implements HttpExchange {
  readonly method: string;
  readonly url: string;
  readonly #request: NodeRequest;
  readonly #response: ServerResponse;
  readonly #known: Known;

  constructor(request: NodeRequest, response: ServerResponse, known: Known) {
    this.method = request.method ?? "GET";
    this.url = known.url ?? request.originalUrl ?? request.url ?? "/";
    this.#request = request;
    this.#response = response;
    this.#known = known;
  }

  get ip(): string | undefined {
    return this.#known.ip ?? this.#request.ip ?? this.#request.socket.remoteAddress;
  }

  header(name: string): string | undefined {
    return readHeader(this.#request, name);
  }

  checkUnsent(): void {
    if (this.#response.headersSent) throw alreadySent();
  }

  setHeader(name: string, value: string): void {
    this.checkUnsent();
    this.#response.setHeader(name, value);
  }

  appendHeader(name: string, value: string): void {
    this.checkUnsent();
    this.#response.appendHeader(name, value);
  }

  changeCookies(change: (lines: readonly string[]) => readonly string[]): void {
    this.checkUnsent();
    const before = this.#response.getHeader("set-cookie") ?? [];
    this.#response.setHeader("set-cookie", change(Array.isArray(before) ? before : [String(before)]));
  }
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
