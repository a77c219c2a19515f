import { generalError } from "../errors.ts";

/** One request and its answer as the rules see them. An adapter makes one per request, and decides nothing. */
export interface HttpExchange {
  /** In upper case. */
  readonly method: string;
  /** Path and query as the client sent them, also below a mounted router. */
  readonly url: string;
  /** The client's address, cleared of proxies as the framework is set up to do. */
  readonly ip: string | undefined;
  /** A request header by its lower-case name; the values of a repeated one joined by a comma, of `cookie` by a semicolon. */
  header(name: string): string | undefined;
  /** @throws SessionError `RESPONSE_ALREADY_SENT` when headers and cookies can no longer be set */
  checkUnsent(): void;
  /** Sets a header of the answer. @throws as `checkUnsent` */
  setHeader(name: string, value: string): void;
  /** Adds a member to a list header such as `Vary`. @throws as `checkUnsent` */
  appendHeader(name: string, value: string): void;
  /** Changes the `Set-Cookie` lines of the answer, the app's own among them. @throws as `checkUnsent` */
  changeCookies(change: (lines: readonly string[]) => readonly string[]): void;
}

/** A whole answer, for the adapter to send; its headers come on top of those that were set before. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; undefined sends no body. */
  readonly body: unknown;
}

/** Content type of an answer with a body. */
export const JSON_TYPE = "application/json; charset=utf-8";

export const alreadySent = (): Error =>
  generalError(
    "RESPONSE_ALREADY_SENT",
    "the answer has been sent, so its cookies and headers can no longer be set; call this before the answer is sent",
  );

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Whether a method may change something (RFC 9110 9.2.1). */
export const isUnsafe = ({ method }: Pick<HttpExchange, "method">): boolean => !SAFE_METHODS.has(method);

/** The path of an exchange, without its query. */
export function pathOf({ url }: Pick<HttpExchange, "url">): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
