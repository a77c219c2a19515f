import type { Awaitable } from "../../awaitable.ts";
import { goOn } from "./go-on.ts";
import { beforeHead, type HeadedResponse } from "../exchange/before-head.ts";
import {
  alreadySent,
  type ResponseHead,
  BODY_HEADERS,
  type HttpResponse,
  type HttpExchange,
  toContent,
} from "../exchange/exchange.ts";
import { toReadable } from "../exchange/event-stream.ts";
import { type HeaderSource, readHeader } from "../exchange/node-exchange.ts";

/** The used part of Fastify's request, over HTTP/1.1 and HTTP/2. */
export interface FastifyRequestShape {
  readonly raw: HeaderSource;
  readonly method: string;
  readonly originalUrl: string;
  readonly ip: string;
}

/** The used part of Fastify's reply. Its own headers override those on Node's response. */
export interface FastifyReplyShape {
  readonly raw: HeadedResponse;
  readonly sent: boolean;
  code(status: number): unknown;
  getHeader(name: string): string | number | string[] | undefined;
  header(name: string, value: unknown): unknown;
  removeHeader(name: string): unknown;
  send(payload?: unknown): unknown;
}

export type AnyRequest = FastifyRequestShape;
export type AnyReply = FastifyReplyShape;
/**
 * A hook for `preHandler` or `onRequest`. Fastify passes `done`; an app's hook may omit it and gets
 * a promise.
 */
export interface Hook {
  (request: AnyRequest, reply: AnyReply, done: (error?: Error) => void): void;
  (request: AnyRequest, reply: AnyReply): Promise<void>;
}

/** With `done` no promise is made if nothing has to be awaited. */
export const toHook = (check: (request: AnyRequest, reply: AnyReply) => Awaitable<unknown>): Hook =>
  ((request: AnyRequest, reply: AnyReply, done?: (error?: unknown) => void) =>
    done === undefined
      ? checkAsync(check, request, reply)
      : goOn(
          () => check(request, reply),
          () => done(),
          done,
        )) as Hook;

async function checkAsync(check: Parameters<typeof toHook>[0], request: AnyRequest, reply: AnyReply): Promise<void> {
  await check(request, reply);
}

type AnyFunction = (...parameters: never[]) => unknown;
/** A plugin for apps on any of Node's servers, which have different types in Fastify. */
export type Plugin<Options> = (
  app: { readonly addHook: AnyFunction; readonly decorateRequest: AnyFunction; readonly setErrorHandler: AnyFunction },
  options: Options,
) => Promise<void>;

/**
 * Marks a plugin as the package fastify-plugin does, so that its hooks and decorators belong to the
 * app instead of a child.
 */
export const forWholeApp = <Options>(plugin: Plugin<Options>): Plugin<Options> =>
  Object.assign(plugin, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "counterfoil" });

export const createFastifyExchange = (request: FastifyRequestShape, reply: FastifyReplyShape): HttpExchange =>
  new FastifyExchange(request, reply);

// A class for the same reason as NodeExchange.
class FastifyExchange implements HttpExchange {
  readonly key: object;
  readonly method: string;
  readonly url: string;
  readonly #request: FastifyRequestShape;
  readonly #reply: FastifyReplyShape;

  constructor(request: FastifyRequestShape, reply: FastifyReplyShape) {
    this.method = request.method;
    this.url = request.originalUrl;
    this.key = request.raw;
    this.#request = request;
    this.#reply = reply;
  }

  get ip(): string {
    return this.#request.ip;
  }

  header(name: string): string | undefined {
    return readHeader(this.#request.raw, name);
  }

  checkUnsent(): void {
    if (this.#reply.sent || this.#reply.raw.headersSent) throw alreadySent();
  }

  setHeader(name: string, value: string): void {
    this.checkUnsent();
    this.#reply.header(name, value);
  }

  changeCookies(change: (lines: readonly string[]) => readonly string[]): void {
    this.checkUnsent();
    const lines = change(this.#listed("set-cookie"));
    // Without this, Fastify would add to the existing cookies.
    this.#reply.removeHeader("set-cookie");
    this.#reply.header("set-cookie", lines);
  }

  beforeHead(change: (head: ResponseHead) => void): void {
    beforeHead(this.#reply.raw, change);
  }

  #listed(name: string): readonly string[] {
    const before = this.#reply.getHeader(name);
    if (before === undefined) return [];
    return Array.isArray(before) ? before.map(String) : [String(before)];
  }
}

/** Sends a whole response. */
export function sendFastify(reply: FastifyReplyShape, httpResponse: HttpResponse): void {
  const { status, headers } = httpResponse;
  const content = toContent(httpResponse);
  reply.code(status);
  for (const name of BODY_HEADERS) {
    reply.removeHeader(name);
    reply.raw.removeHeader(name);
  }
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  if (httpResponse.stream !== undefined) {
    reply.header("content-type", httpResponse.type);
    reply.send(toReadable(httpResponse.stream));
    return;
  }
  if (content === undefined) {
    reply.send();
    return;
  }
  // As text, so that no serializer of the app changes it.
  reply.header("content-type", content.type);
  reply.send(content.text);
}

/** Leaves an error to Fastify's own handler. */
export const rethrow = (error: unknown): never => {
  throw error;
};
