import { generalError } from "../../errors.ts";
import { toWebStream } from "./event-stream.ts";
import { alreadySent, type ResponseHead, type HttpResponse, type HttpExchange, toContent } from "./exchange.ts";

/** An exchange over a Web `Request`. It collects headers until there is a response for them. */
export interface WebExchange extends HttpExchange {
  /**
   * Puts the collected headers on a response with this status. Nothing more can be set afterwards.
   */
  close(status: number, headers: HeadersShape): void;
}

/** The used part of a response's headers. */
interface HeadersShape {
  get(name: string): string | null;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
}

/** The used part of a request. */
type RequestShape = Pick<Request, "method" | "url"> & { readonly headers: Pick<Headers, "get"> };

const exchanges = new WeakMap<object, WebExchange>();

/** Opens the exchange of a request. It is found by `exchangeOf` until the request is gone. */
export function openWebExchange(request: RequestShape, ip: () => string | undefined = () => undefined): WebExchange {
  const exchange = createWebExchange(request, ip);
  exchanges.set(request, exchange);
  return exchange;
}

export const findExchange = (request: Request): WebExchange | undefined => exchanges.get(request);

/** @throws SessionError `ARGUMENT_INVALID` for a request without an exchange */
export function exchangeOf(request: Request, wrapper: string): WebExchange {
  const exchange = exchanges.get(request);
  if (exchange !== undefined) return exchange;
  throw generalError(
    "ARGUMENT_INVALID",
    `this request is unknown, so no cookie could be put on its answer; use ${wrapper}, and pass on the very request that it gives`,
  );
}

function createWebExchange(request: RequestShape, ip: () => string | undefined): WebExchange {
  const headers = new Map<string, string>();
  let cookies: readonly string[] = [];
  const changes: ((head: ResponseHead) => void)[] = [];
  let isClosed = false;

  const checkUnsent = (): void => {
    if (isClosed) throw alreadySent();
  };

  return {
    // A request that is known by its headers alone is identified by them.
    key: request.headers,
    method: request.method,
    url: request.url.replace(ORIGIN, "") || "/",
    get ip() {
      return ip();
    },
    header: (name) => request.headers.get(name) ?? (name === "host" ? hostOf(request.url) : undefined),
    checkUnsent,
    setHeader(name, value) {
      checkUnsent();
      headers.set(name, value);
    },
    changeCookies(change) {
      checkUnsent();
      cookies = change(cookies);
    },
    beforeHead: (change) => void changes.unshift(change),
    close(status, target) {
      isClosed = true;
      for (const [name, value] of headers) target.set(name, value);
      for (const line of cookies) target.append("set-cookie", line);
      const head: ResponseHead = {
        status,
        get: (name) => target.get(name) ?? undefined,
        set: (name, value) => target.set(name, value),
      };
      for (const change of changes) change(head);
    },
  };
}

const ORIGIN = /^[a-z]+:\/\/([^/?#]*)/i;

/** Over HTTP/2 a request has no header Host, but its URL has the name (RFC 9113 8.3.1). */
const hostOf = (url: string): string | undefined => ORIGIN.exec(url)?.[1];

/** Makes the response with the collected headers, except the named ones. */
export function closeWebExchange(
  exchange: WebExchange,
  response: Response,
  without: ReadonlySet<string> = new Set(),
): Response {
  // A copy: the headers of a response from `fetch` or `Response.redirect` cannot be changed.
  const copy = new Response(response.body, response);
  const { headers } = copy;
  exchange.close(copy.status, {
    get: (name) => headers.get(name),
    set: (name, value) => without.has(name) || headers.set(name, value),
    append: (name, value) => without.has(name) || headers.append(name, value),
  });
  return copy;
}

export function toResponse(httpResponse: HttpResponse): Response {
  const { status, headers, stream, type = "" } = httpResponse;
  if (stream !== undefined)
    return new Response(toWebStream(stream), { status, headers: { ...headers, "content-type": type } });
  const content = toContent(httpResponse);
  if (content === undefined) return new Response(null, { status, headers });
  return new Response(content.text, { status, headers: { ...headers, "content-type": content.type } });
}
