import { JSON_TYPE } from "../../error-response.ts";
import { generalError } from "../../errors.ts";
import type { StreamedBody } from "./event-stream.ts";

/**
 * One request and its response, for the rules. An adapter makes one per request and decides
 * nothing.
 */
export interface HttpExchange {
  /** Shared by all exchanges of this request, and by no others. */
  readonly key: object;
  /** In upper case. */
  readonly method: string;
  /** Path and query as sent by the client, also below a mounted router. */
  readonly url: string;
  /** The client's address, without proxies if the framework is set up so. */
  readonly ip: string | undefined;
  /**
   * A request header by its lower-case name. Repeated values are joined by a comma, of `cookie` by
   * a semicolon.
   */
  header(name: string): string | undefined;
  /** @throws SessionError `RESPONSE_ALREADY_SENT` if headers and cookies can no longer be set */
  checkUnsent(): void;
  /** Sets a header of the response. @throws as `checkUnsent` */
  setHeader(name: string, value: string): void;
  /**
   * Changes the `Set-Cookie` lines of the response, including those of the app.
   * @throws as `checkUnsent`
   */
  changeCookies(change: (lines: readonly string[]) => readonly string[]): void;
  /**
   * Calls `change` with the head of the response before it is sent, by the app or by us. The latest
   * change runs first.
   */
  beforeHead(change: (head: ResponseHead) => void): void;
}

/** The head of a response before it is sent. */
export interface ResponseHead {
  readonly status: number;
  /** A header by its lower-case name; repeated values are joined. */
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/**
 * A whole response for the adapter to send. Its headers are added to those set before, without
 * `BODY_HEADERS`.
 */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON unless `type` says otherwise; undefined sends no body. */
  readonly body: unknown;
  /** The content type of a body that is text already, or a stream. */
  readonly type?: string;
  /** A body that is sent as it comes, instead of `body`. */
  readonly stream?: StreamedBody;
}

/** The body of a response as text, and its type; undefined if it has none. */
export function toContent({ body, type }: HttpResponse): { readonly type: string; readonly text: string } | undefined {
  if (body === undefined) return undefined;
  return type === undefined ? { type: JSON_TYPE, text: JSON.stringify(body) } : { type, text: body as string };
}

/**
 * Headers that describe a body and how to get it (RFC 9110 8, 14.3). Our response may replace one
 * that a handler has begun; a length of that unsent body would keep the client waiting.
 */
export const BODY_HEADERS: readonly string[] = [
  "accept-ranges",
  "content-digest",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "digest",
  "etag",
  "last-modified",
  "repr-digest",
  "trailer",
  "transfer-encoding",
];

export const alreadySent = (): Error =>
  generalError(
    "RESPONSE_ALREADY_SENT",
    "the answer has been sent, so its cookies and headers can no longer be set; call this before the answer is sent",
  );

/** Whether a method may change something (RFC 9110 9.2.1). */
export const isUnsafe = ({ method }: Pick<HttpExchange, "method">): boolean =>
  method !== "GET" && method !== "HEAD" && method !== "OPTIONS";

/** The path of an exchange, without its query. */
export function pathOf({ url }: Pick<HttpExchange, "url">): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
