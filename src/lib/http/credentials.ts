import { HEADERS } from "../../protocol.ts";
import { generalError, tryRefreshToken } from "../errors.ts";
import type { HttpPolicy } from "../config/policy.ts";
import type { BoundReading, RefreshCookies } from "./bound-refresh.ts";
import type { CookieReading, SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange.ts";
import type { TransportKind } from "./transport.ts";

/** The tokens that a request presents, and how they came. */
export interface Credential {
  readonly transport: TransportKind;
  readonly reading: CookieReading;
}

export interface RefreshCredential extends Credential {
  readonly reading: BoundReading;
}

export interface CredentialReader {
  /**
   * How the client gets the tokens of a session that begins: as it says, else in cookies where they
   * are on.
   *
   * @throws SessionError `TRANSPORT_REFUSED` when `http.transports` does not let it
   */
  wanted(exchange: HttpExchange): TransportKind;
  /** @throws SessionError `TRANSPORT_CONFLICT` when cookie and header name different sessions */
  access(exchange: HttpExchange): Promise<Credential>;
  /** @throws SessionError `TRANSPORT_CONFLICT` when there are a cookie and a header, and nothing says which is meant */
  refresh(exchange: HttpExchange): Promise<RefreshCredential>;
}

/** @param handleOf the session that an access token names, expired or not; undefined when the token is not ours */
export function createCredentialReader(
  policy: Pick<HttpPolicy, "preferCookies" | "transports" | "headersForBrowsers">,
  { cookies, refreshCookies }: { readonly cookies: SessionCookies; readonly refreshCookies: RefreshCookies },
  handleOf: (accessToken: string) => Promise<string | undefined>,
): CredentialReader {
  /**
   * Which transport is meant; undefined where the tokens must tell. With one transport there is
   * nothing to choose.
   */
  function modeOf(exchange: HttpExchange): string | undefined {
    const [only, other] = policy.transports;
    return other === undefined ? only : exchange.header(HEADERS.mode);
  }

  return {
    wanted(exchange) {
      const mode = exchange.header(HEADERS.mode);
      const preferred = policy.transports.has("cookie") ? "cookie" : "header";
      const kind = mode === "cookie" || mode === "header" ? mode : preferred;
      if (!policy.transports.has(kind)) throw refused(`http.transports does not name "${kind}"`);
      // An injected script cannot read an HttpOnly cookie; a sign-in of its own in header mode
      // would hand it the refresh token.
      if (kind === "header" && !policy.headersForBrowsers && exchange.header("sec-fetch-site") !== undefined)
        throw refused('a browser asks for tokens in headers, and http.transports does not name "header"');
      return kind;
    },

    async access(exchange) {
      const mode = modeOf(exchange);
      if (mode === "cookie") return accessCookie(exchange);
      const token = bearerOf(exchange) ?? exchange.header(HEADERS.access);
      if (mode === "header") return fromHeader(token);
      const cookie = accessCookie(exchange);
      if (token === undefined || cookie.reading.kind === "none")
        return token === undefined ? cookie : fromHeader(token);
      if (policy.preferCookies) return cookie;
      // A page of another site cannot set a header, but a cookie may be somebody else's: only where both agree is there no doubt.
      const handle = await handleOf(token);
      if (cookie.reading.kind === "one" && handle !== undefined && handle === (await handleOf(cookie.reading.value)))
        return fromHeader(token);
      throw conflict("access");
    },

    async refresh(exchange) {
      const mode = modeOf(exchange);
      if (mode === "cookie") return refreshCookie(exchange);
      const token = exchange.header(HEADERS.refresh) ?? bearerOf(exchange);
      if (mode === "header") return fromHeader(token);
      const cookie = await refreshCookie(exchange);
      if (token === undefined || cookie.reading.kind === "none")
        return token === undefined ? cookie : fromHeader(token);
      if (policy.preferCookies) return cookie;
      throw conflict("refresh");
    },
  };

  function accessCookie(exchange: HttpExchange): Credential {
    return { transport: "cookie", reading: cookies.read(exchange, "access") };
  }

  async function refreshCookie(exchange: HttpExchange): Promise<RefreshCredential> {
    return { transport: "cookie", reading: await refreshCookies.read(exchange) };
  }
}

const fromHeader = (token: string | undefined): Credential => ({
  transport: "header",
  reading: token === undefined || token === "" ? { kind: "none" } : { kind: "one", value: token },
});

/** The token of `Authorization: Bearer` (RFC 6750 2.1); undefined where the header is absent or of another scheme. */
function bearerOf(exchange: HttpExchange): string | undefined {
  const header = exchange.header("authorization");
  return header === undefined ? undefined : /^bearer +(\S+) *$/i.exec(header)?.[1];
}

const refused = (detail: string): Error => generalError("TRANSPORT_REFUSED", detail);

const conflict = (kind: "access" | "refresh"): Error =>
  tryRefreshToken(
    "TRANSPORT_CONFLICT",
    `the request carries one ${kind} token in a cookie and another in a header; send one, say which is meant by ${HEADERS.mode}, or set http.preferCookies`,
  );
