import type { CookiePolicy } from "../config/policy.ts";
import { COOKIES, HOST_PREFIX } from "../../protocol.ts";
import type { TokenInfo } from "../session/tokens.ts";
import type { HttpExchange } from "./exchange.ts";

export type CookieKind = keyof typeof COOKIES;

/** What a request carries under one name. `ambiguous`: several different values, of which no one can tell which is ours. */
export type CookieReading =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly value: string }
  | { readonly kind: "ambiguous" };

export interface SessionCookies {
  read(exchange: HttpExchange, kind: CookieKind): CookieReading;
  set(exchange: HttpExchange, kind: CookieKind, token: TokenInfo, now: number): void;
  /** Clears all three, with the very attributes that they are set with (ASVS 5.0 3.3). */
  clearAll(exchange: HttpExchange): void;
  /** Clears cookies of our names that another path or a parent domain has put beside ours. */
  clearStrays(exchange: HttpExchange, kind: CookieKind): void;
}

// More than any browser sends; what is longer is not looked at.
const MAX_HEADER = 64 * 1024;

export function createSessionCookies(policy: CookiePolicy): SessionCookies {
  const nameOf = (kind: CookieKind): string => (policy.hostPrefix ? HOST_PREFIX : "") + COOKIES[kind];
  // A __Host- cookie must have the path "/" (RFC 6265bis 4.1.3.2).
  const pathOfCookie = (kind: CookieKind): string =>
    kind === "refresh" && !policy.hostPrefix ? policy.renewTokenPath : "/";
  const sameSite = { lax: "Lax", strict: "Strict", none: "None" }[policy.sameSite];

  function line(
    kind: CookieKind,
    value: string,
    maxAge: number,
    scope: { path: string; domain: string | undefined },
  ): string {
    const attributes = [
      `${nameOf(kind)}=${value}`,
      `Max-Age=${maxAge}`,
      `Path=${scope.path}`,
      scope.domain === undefined ? "" : `Domain=${scope.domain}`,
      kind === "marker" ? "" : "HttpOnly",
      policy.secure ? "Secure" : "",
      `SameSite=${sameSite}`,
    ];
    return attributes.filter((attribute) => attribute !== "").join("; ");
  }

  function append(exchange: HttpExchange, text: string): void {
    exchange.setHeader("cache-control", "no-store");
    exchange.appendHeader("set-cookie", text);
  }

  return {
    read: (exchange, kind) => readCookie(exchange.header("cookie"), nameOf(kind)),

    set(exchange, kind, { value, expires }, now) {
      const maxAge = Math.max(0, Math.ceil((expires - now) / 1000));
      append(exchange, line(kind, value, maxAge, { path: pathOfCookie(kind), domain: policy.domain }));
    },

    clearAll(exchange) {
      for (const kind of ["access", "refresh", "marker"] as const) {
        append(exchange, line(kind, "", 0, { path: pathOfCookie(kind), domain: policy.domain }));
      }
    },

    clearStrays(exchange, kind) {
      // A __Host- cookie has no other place to be in.
      if (policy.hostPrefix) return;
      const own = { path: pathOfCookie(kind), domain: policy.domain };
      for (const domain of possibleDomains(exchange.header("host"))) {
        for (const path of possiblePaths(exchange.url)) {
          if (path !== own.path || domain !== own.domain) append(exchange, line(kind, "", 0, { path, domain }));
        }
      }
    },
  };
}

function readCookie(header: string | undefined, name: string): CookieReading {
  if (header === undefined || header.length > MAX_HEADER) return { kind: "none" };
  let found: string | undefined;
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    // Never "last wins": a sibling sub-domain can put a cookie before or after ours.
    if (found !== undefined && found !== value) return { kind: "ambiguous" };
    found = value;
  }
  // Some clients send an empty cookie where they should have dropped it.
  return found === undefined || found === "" ? { kind: "none" } : { kind: "one", value: found };
}

/** None, and each domain that a cookie for this host can name; browsers ignore the ones that they do not allow. */
function possibleDomains(host: string | undefined): readonly (string | undefined)[] {
  const labels = (host ?? "").replace(/:\d+$/, "").toLowerCase().split(".");
  if (
    labels.length > 8 ||
    !labels.every((label) => /^[a-z0-9-]+$/.test(label)) ||
    labels.every((label) => /^\d+$/.test(label))
  ) {
    return [undefined];
  }
  return [undefined, ...labels.slice(0, -1).map((_, index) => labels.slice(index).join("."))];
}

/** Each path that a cookie for this URL can have. */
function possiblePaths(url: string): readonly string[] {
  const segments = url
    .replace(/[?#].*$/s, "")
    .split("/")
    .slice(1, 6);
  const safe = segments.filter((segment) => /^[A-Za-z0-9_.~-]+$/.test(segment));
  return ["/", ...safe.map((_, index) => `/${safe.slice(0, index + 1).join("/")}`)];
}
