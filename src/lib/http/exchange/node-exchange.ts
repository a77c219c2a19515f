import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { pipeline } from "node:stream";
import { beforeHead } from "./before-head.ts";
import { toReadable } from "./event-stream.ts";
import {
  alreadySent,
  type ResponseHead,
  BODY_HEADERS,
  type HttpResponse,
  type HttpExchange,
  toContent,
} from "./exchange.ts";

/** Properties that frameworks on Node's own server add to a request. */
interface Added {
  readonly originalUrl?: string;
  readonly ip?: string | undefined;
}
/** A request of Node's own server. */
export type NodeRequest = IncomingMessage & Added;
/** The same over HTTP/2, in compatibility mode. */
export type Http2Request = Http2ServerRequest & Added;
/** A response of Node's own server. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Facts that a framework knows better than Node's request. */
interface Known {
  readonly url?: string;
  readonly ip?: string;
}

/**
 * Makes an exchange over Node's own request and response. It builds no Web objects, so reading a
 * header is a property access.
 */
export const createNodeExchange = (
  request: NodeRequest | Http2Request,
  response: NodeResponse,
  known: Known = NOTHING,
): HttpExchange => new NodeExchange(request, response, known);

const NOTHING: Known = {};

// A class, because one is made per request: an object of closures costs three times as much (npm
// run bench -- http).
class NodeExchange implements HttpExchange {
  readonly key: object;
  readonly method: string;
  readonly url: string;
  readonly #request: NodeRequest | Http2Request;
  readonly #response: NodeResponse;
  readonly #known: Known;

  constructor(request: NodeRequest | Http2Request, response: NodeResponse, known: Known) {
    this.method = request.method ?? "GET";
    this.url = known.url ?? request.originalUrl ?? request.url ?? "/";
    this.key = request;
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

  changeCookies(change: (lines: readonly string[]) => readonly string[]): void {
    this.checkUnsent();
    const before = this.#response.getHeader("set-cookie") ?? [];
    this.#response.setHeader("set-cookie", change(Array.isArray(before) ? before : [String(before)]));
  }

  beforeHead(change: (head: ResponseHead) => void): void {
    beforeHead(this.#response, change);
  }
}

/**
 * The used part of a request. Simulated requests, as of `app.inject()` in Fastify, have only this.
 */
export type HeaderSource = Pick<IncomingMessage, "headers" | "rawHeaders">;

/** A request header by its lower-case name; repeated values are joined. */
export function readHeader({ headers, rawHeaders }: HeaderSource, name: string): string | undefined {
  const value = valueOf(headers, name);
  // Node keeps only the first of several, and a proxy may have checked another one.
  if (name === "authorization" && value !== undefined) return joinRaw(rawHeaders, name) ?? String(value);
  // HTTP/2 clients send it instead of Host (RFC 9113 8.3.1).
  if (name === "host" && value === undefined) return headers[":authority"] as string | undefined;
  return Array.isArray(value) ? value.join(", ") : value;
}

/** Literal names for frequent headers: a computed name costs a hash each time. */
function valueOf(headers: IncomingHttpHeaders, name: string): string | string[] | undefined {
  switch (name) {
    case "cookie":
      return headers.cookie;
    case "origin":
      return headers.origin;
    case "sec-fetch-site":
      return headers["sec-fetch-site"];
    case "anti-csrf":
      return headers["anti-csrf"];
    case "authorization":
      return headers.authorization;
    case "st-access-token":
      return headers["st-access-token"];
    default:
      return headers[name];
  }
}

/** @param raw names and values, alternating */
function joinRaw(raw: readonly string[] | undefined, name: string): string | undefined {
  const values = raw?.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
  return values === undefined || values.length === 0 ? undefined : values.join(", ");
}

/** Sends a whole response. */
export function sendResponse(response: NodeResponse, httpResponse: HttpResponse): void {
  const { status, headers } = httpResponse;
  const content = toContent(httpResponse);
  response.statusCode = status;
  for (const name of BODY_HEADERS) if (response.hasHeader(name)) response.removeHeader(name);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (httpResponse.stream !== undefined) {
    response.setHeader("content-type", httpResponse.type ?? "");
    // A client that is gone is no fault.
    pipeline(toReadable(httpResponse.stream), response, () => undefined);
    return;
  }
  const text = content?.text ?? "";
  if (content !== undefined) response.setHeader("content-type", content.type);
  // Set explicitly: Node sets no length after one was removed, and 204 has none.
  if (status !== 204) response.setHeader("content-length", Buffer.byteLength(text));
  response.end(text);
}
