import { generalError } from "../../errors.ts";

/**
 * One request and its answer as the rules see them. An adapter makes one per request, and decides
 * nothing.
 */
export interface HttpExchange {
  /** What is the same in every exchange that is made for this request, and in no other's. */
  readonly key: object;
  /** In upper case. */
  readonly method: string;
  /** Path and query as the client sent them, also below a mounted router. */
  readonly url: string;
  /** The client's address, cleared of proxies as the framework is set up to do. */
  readonly ip: string | undefined;
  /**
   * A request header by its lower-case name; the values of a repeated one joined by a comma, of
   * `cookie` by a semicolon.
   */
  header(name: string): string | undefined;
  /** @throws SessionError `RESPONSE_ALREADY_SENT` when headers and cookies can no longer be set */
  checkUnsent(): void;
  /** Sets a header of the answer. @throws as `checkUnsent` */
  setHeader(name: string, value: string): void;
  /**
   * Changes the `Set-Cookie` lines of the answer, the app's own among them.
   * @throws as `checkUnsent`
   */
  changeCookies(change: (lines: readonly string[]) => readonly string[]): void;
  /**
   * Lets `change` see and change the head of the answer when it goes out, sent by the app or by
   * us; the latest change first.
   */
  beforeHead(change: (head: ResponseHead) => void): void;
}

/** The head of an answer that is about to go out. */
export interface ResponseHead {
  readonly status: number;
  /** A header by its lower-case name; several of one name are joined. */
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/**
 * A whole answer, for the adapter to send; its headers come on top of those that were set before,
 * and `BODY_HEADERS` go.
 */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined sends no body. */
  readonly body: unknown;
}

export { JSON_TYPE } from "../../error-response.ts";

/**
 * Headers that describe a body, and the ways to get it (RFC 9110 8, 14.3). An answer of ours takes
 * the place of one that a handler may have begun, whose body never comes: a length of it would keep
 * the client waiting.
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
