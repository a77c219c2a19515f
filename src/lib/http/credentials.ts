import type { Awaitable } from "../awaitable.ts";
import type { HttpPolicy } from "../policy.ts";
import { HEADERS } from "../../protocol.ts";
import { generalError } from "../errors.ts";
import type { BoundReading, RefreshCookies } from "./bound-refresh.ts";
import type { CookieReading, SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import type { TransportKind } from "./transport.ts";

/** The tokens of a request, and their transport. */
export interface Credential {
  readonly transport: TransportKind;
  readonly reading: CookieReading;
}

export interface RefreshCredential extends Credential {
  readonly reading: BoundReading;
}

/** The tokens of a request in each transport. */
export interface PresentedCredentials {
  readonly header: CookieReading;
  readonly cookie: CookieReading;
}

export interface CredentialReader {
  /**
   * The transport for a new session: the client's choice, else cookies if they are on.
   *
   * @throws SessionError `TRANSPORT_REFUSED` if `http.transports` does not allow it
   */
  wanted(exchange: HttpExchange): TransportKind;
  /** @throws SessionError `TRANSPORT_CONFLICT` if cookie and header name different sessions */
  access(exchange: HttpExchange): Awaitable<Credential>;
  /**
   * @throws SessionError `TRANSPORT_CONFLICT` if there are a cookie and a header, and the request
   * does not choose
   */
  refresh(exchange: HttpExchange): Promise<RefreshCredential>;
  /** The access tokens of both transports. */
  carried(exchange: HttpExchange): PresentedCredentials;
}

interface Both<T> {
  readonly header: T;
  readonly cookie: T;
}

interface Parts {
  readonly cookies: SessionCookies;
  readonly refreshCookies: RefreshCookies;
  /**
   * @returns the session that an access token names, expired or not; undefined if it is not ours
   */
  readonly handleOf: (accessToken: string) => Promise<string | undefined>;
  /** Whether a refresh token is ours. */
  readonly isRefreshToken: (refreshToken: string) => Promise<boolean>;
}

export function createCredentialReader(
  policy: Pick<HttpPolicy, "preferCookies" | "transports" | "headersForBrowsers">,
  { cookies, refreshCookies, handleOf, isRefreshToken }: Parts,
): CredentialReader {
  const hasHeaders = policy.transports.has("header");
  const preferred = policy.transports.has("cookie") ? "cookie" : "header";

  return {
    wanted(exchange) {
      const kind = modeOf(exchange) ?? preferred;
      if (!policy.transports.has(kind)) throw refused(`http.transports does not name "${kind}"`);
      // An injected script cannot read an HttpOnly cookie, but its own sign-in in header mode would
      // give it the refresh token.
      if (kind === "header" && !policy.headersForBrowsers && exchange.header("sec-fetch-site") !== undefined)
        throw refused('a browser asks for tokens in headers, and http.transports does not name "header"');
      return kind;
    },

    access(exchange) {
      const header = accessHeader(exchange);
      const cookie = accessCookie(exchange);
      if (header.reading.kind !== "one") return withoutHeader(exchange, { header, cookie });
      if (cookie.reading.kind === "none" && modeOf(exchange) !== "cookie") return header;
      return accessOfTwo(exchange, { header, cookie });
    },

    async refresh(exchange) {
      // Headers are not read if their transport is off.
      const header = hasHeaders ? fromHeader(exchange.header(HEADERS.refresh) ?? bearerOf(exchange)) : NO_HEADER;
      const cookie: RefreshCredential = { transport: "cookie", reading: await refreshCookies.read(exchange) };
      const meant = await choose<RefreshCredential>(exchange, { header, cookie }, isRefreshToken);
      if (meant === undefined) throw conflict("refresh");
      return meant;
    },

    carried: (exchange) => ({ header: accessHeader(exchange).reading, cookie: accessCookie(exchange).reading }),
  };

  async function accessOfTwo(exchange: HttpExchange, both: Both<Credential>): Promise<Credential> {
    const meant = await choose(exchange, both, async (token) => (await handleOf(token)) !== undefined);
    if (meant !== undefined) return meant;
    // A page of another site cannot set a header, but the cookie may be foreign. Both are accepted
    // only if they agree.
    const [own, other] = [both.header.reading, both.cookie.reading];
    if (own.kind === "one" && other.kind === "one" && (await areOfOneSession(own.value, other.value)))
      return both.header;
    throw conflict("access");
  }

  /** The client's preferred transport if neither has a token, else the one that has. */
  function withoutHeader<T extends Credential>(exchange: HttpExchange, { header, cookie }: Both<T>): T {
    if (cookie.reading.kind !== "none") return cookie;
    return wishOf(modeOf(exchange)) === "cookie" ? cookie : header;
  }

  function wishOf(mode: TransportKind | undefined): TransportKind {
    return mode !== undefined && policy.transports.has(mode) ? mode : preferred;
  }

  /**
   * The transport that the client means; undefined if both have tokens and the client does not
   * choose. The client's mode applies to its next session: while only the other transport has a
   * token, the session stays there.
   */
  async function choose<T extends Credential>(
    exchange: HttpExchange,
    { header, cookie }: Both<T>,
    isOurs: (token: string) => Promise<boolean>,
  ): Promise<T | undefined> {
    if (header.reading.kind !== "one") return withoutHeader(exchange, { header, cookie });
    const mode = modeOf(exchange);
    const wish = wishOf(mode);
    if (cookie.reading.kind !== "none") {
      if (mode !== undefined) return wish === "cookie" ? cookie : header;
      return policy.preferCookies ? cookie : undefined;
    }
    // A proxy may have set a token of its own, which does not concern a client that asks for
    // cookies.
    const isForeign = mode === "cookie" && wish === mode && !(await isOurs(header.reading.value));
    return isForeign ? cookie : header;
  }

  async function areOfOneSession(one: string, other: string): Promise<boolean> {
    if (one === other) return true;
    const handle = await handleOf(one);
    return handle !== undefined && handle === (await handleOf(other));
  }

  function accessCookie(exchange: HttpExchange): Credential {
    return { transport: "cookie", reading: cookies.read(exchange, "access") };
  }

  function accessHeader(exchange: HttpExchange): Credential {
    return hasHeaders ? fromHeader(bearerOf(exchange) ?? exchange.header(HEADERS.access)) : NO_HEADER;
  }
}

/**
 * The transport that the client names for its next session; undefined if it names none or an
 * unknown one.
 */
function modeOf(exchange: HttpExchange): TransportKind | undefined {
  const mode = exchange.header(HEADERS.mode)?.toLowerCase();
  return mode === "cookie" || mode === "header" ? mode : undefined;
}

const NO_HEADER: Credential = { transport: "header", reading: { kind: "none" } };

const fromHeader = (token: string | undefined): Credential =>
  token === undefined || token === "" ? NO_HEADER : { transport: "header", reading: { kind: "one", value: token } };

/**
 * The token of `Authorization: Bearer` (RFC 6750 2.1); undefined without the header or with another
 * scheme.
 */
function bearerOf(exchange: HttpExchange): string | undefined {
  const header = exchange.header("authorization");
  return header === undefined ? undefined : /^bearer +(\S+) *$/i.exec(header)?.[1];
}

const refused = (detail: string): Error => generalError("TRANSPORT_REFUSED", detail);

const conflict = (kind: "access" | "refresh"): Error =>
  generalError(
    "TRANSPORT_CONFLICT",
    `the request carries one ${kind} token in a cookie and another in a header; send one, say which is meant by ${HEADERS.mode}, or set http.preferCookies`,
  );
