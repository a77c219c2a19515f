import type { IncomingMessage, ServerResponse } from "node:http";
import { alreadySent, type HttpAnswer, type HttpExchange, JSON_TYPE } from "./exchange.ts";
import { readHeader } from "./node-exchange.ts";

/** What is used of Fastify's request. */
export interface FastifyRequestShape {
  readonly raw: IncomingMessage;
  readonly method: string;
  readonly originalUrl: string;
  readonly ip: string;
}

/** What is used of Fastify's reply. It keeps headers of its own, which would win over those on Node's response. */
export interface FastifyReplyShape {
  readonly raw: ServerResponse;
  readonly sent: boolean;
  code(status: number): unknown;
  getHeader(name: string): string | number | string[] | undefined;
  header(name: string, value: unknown): unknown;
  removeHeader(name: string): unknown;
  send(payload?: unknown): unknown;
}

export function createFastifyExchange(request: FastifyRequestShape, reply: FastifyReplyShape): HttpExchange {
  const checkUnsent = (): void => {
    if (reply.sent || reply.raw.headersSent) throw alreadySent();
  };
  const listed = (name: string): readonly string[] => {
    const before = reply.getHeader(name);
    if (before === undefined) return [];
    return Array.isArray(before) ? before.map(String) : [String(before)];
  };
  return {
    method: request.method,
    url: request.originalUrl,
    get ip() {
      return request.ip;
    },
    header: (name) => readHeader(request.raw, name),
    checkUnsent,
    setHeader(name, value) {
      checkUnsent();
      reply.header(name, value);
    },
    appendHeader(name, value) {
      checkUnsent();
      reply.header(name, [...listed(name), value].join(", "));
    },
    changeCookies(change) {
      checkUnsent();
      const lines = change(listed("set-cookie"));
      // Fastify adds to the cookies that are there.
      reply.removeHeader("set-cookie");
      reply.header("set-cookie", lines);
    },
  };
}

/** Sends a whole answer. */
export function sendFastify(reply: FastifyReplyShape, { status, headers, body }: HttpAnswer): void {
  reply.code(status);
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
  if (body === undefined) {
    reply.send();
    return;
  }
  // As text, so that no serializer of the app changes it.
  reply.header("content-type", JSON_TYPE);
  reply.send(JSON.stringify(body));
}
