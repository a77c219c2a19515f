import type { CookiePolicy, HttpPolicy } from "../policy.ts";
import { randomInt } from "node:crypto";
import { type CookieNames, isHostName, otherName } from "../cookie-names.ts";
import { MAX_COOKIE_BYTES } from "../../protocol.ts";
import type { TokenInfo } from "../session/tokens.ts";
import { publicUrl } from "./base-path.ts";
import { keepOut } from "./cache-headers.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

export type CookieKind = keyof CookieNames;

/**
 * The values of a request under one cookie name. `ambiguous`: several different values, and ours
 * cannot be told from the others.
 */
export type CookieReading =
  | { readonly kind: "none" }
  | { readonly kind: "one"; readonly value: string }
  | { readonly kind: "ambiguous"; readonly values: readonly string[] };

export interface SessionCookies {
  /**
   * @param isCandidate values that it refuses count as absent; only the first few of the others are
   * returned
   */
  read(exchange: HttpExchange, kind: CookieKind, isCandidate?: (value: string) => boolean): CookieReading;
  /** `read` for the cookie name of an instance with another `cookie.hostPrefix`. */
  readOther(exchange: HttpExchange, kind: CookieKind): CookieReading;
  /** Clears that cookie in all scopes where such an instance can have set it. */
  clearOther(exchange: HttpExchange, kind: CookieKind): void;
  set(exchange: HttpExchange, kind: CookieKind, token: TokenInfo, now: number): void;
  /**
   * Clears all three with the attributes that they were set with (ASVS 5.0 3.3). The access cookie
   * comes last.
   */
  clearAll(exchange: HttpExchange): void;
  /**
   * Clears duplicates of our cookie in all scopes where they can exist: parent domains, and the
   * paths of this request (or only our own path). Our cookie stays.
   */
  clearDuplicates(exchange: HttpExchange, kind: CookieKind, paths?: "all" | "own"): void;
}

const NONE: CookieReading = { kind: "none" };

/** If tokens travel in headers only, no cookie is read or set. */
export const NO_COOKIES: SessionCookies = {
  read: () => NONE,
  readOther: () => NONE,
  clearOther: () => undefined,
  set: () => undefined,
  clearAll: () => undefined,
  clearDuplicates: () => undefined,
};

export const COOKIE_KINDS: readonly CookieKind[] = ["access", "refresh", "marker"];

// curl 7.88 keeps all but the last of several cookies that one response deletes. The access token
// would still open every route.
const CLEARING_ORDER: readonly CookieKind[] = ["refresh", "marker", "access"];

/** `Max-Age` and `Expires` of a line that clears a cookie. */
const OVER = `Max-Age=0; Expires=${new Date(0).toUTCString()}`;

// A browser has one value, and briefly two. Each may cost a signature check and a call of the
// store.
const MAX_VALUES = 4;

// Proxies drop a response whose headers exceed their buffer.
const MAX_CLEARED = 16;
// If there are more scopes, these are always cleared. The others are drawn at random, so that
// repeated responses clear all.
const ALWAYS_CLEARED = 8;

export function createSessionCookies(
  policy: CookiePolicy,
  { publicOrigin, basePath }: Pick<HttpPolicy, "publicOrigin" | "basePath">,
): SessionCookies {
  const { names } = policy;
  // A __Host- cookie must have the path "/" (RFC 6265bis 4.1.3.2).
  const pathOfCookie = (kind: CookieKind, name: string = names[kind]): string =>
    kind === "refresh" && !isHostName(name) ? policy.refreshPath : "/";
  const sameSite = { lax: "Lax", strict: "Strict", none: "None" }[policy.sameSite];

  function line(
    kind: CookieKind,
    value: string,
    lifetime: string,
    scope: { path: string; domain: string | undefined; name?: string },
  ): string {
    const { name = names[kind] } = scope;
    const attributes = [
      `${name}=${value}`,
      lifetime,
      `Path=${scope.path}`,
      scope.domain === undefined ? "" : `Domain=${scope.domain}`,
      kind === "marker" ? "" : "HttpOnly",
      policy.secure || isHostName(name) ? "Secure" : "",
      `SameSite=${sameSite}`,
    ];
    return attributes.filter((attribute) => attribute !== "").join("; ");
  }

  // Behind a proxy the Host header may differ from the browser's host.
  const hostOf = (exchange: HttpExchange): string | undefined =>
    publicOrigin === undefined ? exchange.header("host") : new URL(publicOrigin).host;

  function send(exchange: HttpExchange, lines: readonly string[]): void {
    if (lines.length === 0) return;
    keepOut(exchange);
    // A later line for the same cookie replaces an earlier one (RFC 6265 4.1.1).
    const scopes = new Set(lines.map(scopeOf));
    exchange.changeCookies((before) => [...before.filter((earlier) => !scopes.has(scopeOf(earlier))), ...lines]);
  }

  return {
    read: (exchange, kind, isCandidate) => readCookie(exchange.header("cookie"), names[kind], isCandidate),

    readOther: (exchange, kind) => readCookie(exchange.header("cookie"), otherName(names[kind])),

    clearOther(exchange, kind) {
      const name = otherName(names[kind]);
      const path = pathOfCookie(kind, name);
      const domains = isHostName(name) ? [undefined] : possibleDomains(hostOf(exchange));
      const scopes = domains.map((domain) => ({ name, path, domain }));
      send(
        exchange,
        scopes.slice(0, MAX_CLEARED).map((scope) => line(kind, "", OVER, scope)),
      );
    },

    set(exchange, kind, token, now) {
      send(exchange, [
        line(kind, token.value, lifetimeOf(token, now), { path: pathOfCookie(kind), domain: policy.domain }),
      ]);
    },

    clearAll(exchange) {
      send(
        exchange,
        CLEARING_ORDER.map((kind) => line(kind, "", OVER, { path: pathOfCookie(kind), domain: policy.domain })),
      );
    },

    clearDuplicates(exchange, kind, paths = "all") {
      // A __Host- cookie has no other scope.
      if (isHostName(names[kind])) return;
      const own = { path: pathOfCookie(kind), domain: policy.domain };
      const possible =
        paths === "own" ? [own.path] : [...new Set([own.path, ...possiblePaths(publicUrl(exchange, basePath))])];
      // Another host can set a cookie only for parent domains, so those come first.
      const domains = possibleDomains(hostOf(exchange)).toReversed();
      const scopes = possible.flatMap((path) => domains.map((domain) => ({ path, domain })));
      const others = scopes.filter(({ path, domain }) => path !== own.path || domain !== own.domain);
      send(
        exchange,
        chooseScopes(others).map((scope) => line(kind, "", OVER, scope)),
      );
    },
  };
}

/**
 * Limits the scopes to those that one response may clear. They are random, because many processes
 * clear the cookies of one browser.
 */
function chooseScopes<T>(scopes: readonly T[]): readonly T[] {
  if (scopes.length <= MAX_CLEARED) return scopes;
  const others = scopes.slice(ALWAYS_CLEARED);
  const from = randomInt(others.length);
  const chosen = [...others, ...others].slice(from, from + MAX_CLEARED - ALWAYS_CLEARED);
  return [...scopes.slice(0, ALWAYS_CLEARED), ...chosen];
}

/**
 * Both attributes, because some clients know only one: Dart's and superagent's use `Expires` alone,
 * and Java's reads a line without it as a cookie of RFC 2965. Browsers use `Max-Age` (RFC 6265
 * 5.3), so a wrong server clock does not matter to them. Without both a cookie ends with the
 * browser.
 */
function lifetimeOf({ expires, persistent }: TokenInfo, now: number): string {
  const maxAge = Math.max(0, Math.ceil((expires - now) / 1000));
  if (maxAge === 0) return OVER;
  if (persistent === false) return "";
  return `Max-Age=${maxAge}; Expires=${new Date(now + maxAge * 1000).toUTCString()}`;
}

/**
 * The identity of a cookie in a browser, and our attributes: the line without value and lifetime.
 */
const scopeOf = (line: string): string => line.replace(/^([^=;]*)=[^;]*(?:; Max-Age=\d+; Expires=[^;]*)?/, "$1");

/**
 * Searches instead of splitting: this runs several times per request, and most cookies may not be
 * ours.
 */
function readCookie(
  header: string | undefined,
  name: string,
  isCandidate: (value: string) => boolean = isAny,
): CookieReading {
  if (header === undefined) return NONE;
  let first: string | undefined;
  let values: string[] | undefined;
  for (let at = header.indexOf(name); at !== -1; at = header.indexOf(name, at)) {
    const equals = beginsPair(header, at) ? skipBlanks(header, at + name.length) : -1;
    if (equals === -1 || header.charCodeAt(equals) !== EQUALS) {
      at += 1;
      continue;
    }
    const semicolon = header.indexOf(";", equals);
    const end = semicolon === -1 ? header.length : semicolon;
    const value = valueBetween(header, equals + 1, end);
    // Continues after the value, because a long token may contain a name.
    at = end;
    // Some clients send an empty cookie instead of dropping it. Browsers store no cookie of that
    // length.
    if (value === "" || value.length > MAX_COOKIE_BYTES || value === first || values?.includes(value)) continue;
    if (values?.length === MAX_VALUES || !isCandidate(value)) continue;
    if (first === undefined) first = value;
    else if (values === undefined) values = [first, value];
    else values.push(value);
  }
  // Never "last wins": a sibling sub-domain can put a cookie before or after ours.
  if (values !== undefined) return { kind: "ambiguous", values };
  return first === undefined ? NONE : { kind: "one", value: first };
}

const isAny = (): boolean => true;

const EQUALS = 0x3d;
const SEMICOLON = 0x3b;
const QUOTE = 0x22;

/** Whether only blanks stand between an index and the beginning of its pair. */
function beginsPair(header: string, index: number): boolean {
  let before = index - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before -= 1;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/**
 * A value, stripped of exactly the characters that RFC 6265bis strips. `trim` strips more: a name
 * with such a byte is not protected by `__Host-`. It works by index, because an expression for
 * trailing blanks takes n² steps.
 *
 * Of a value in one pair of double quotes it returns the inner text (RFC 6265 4.1.1), because some
 * clients add quotes. A semicolon ends a value also within quotes, so no cookie can swallow the
 * next one.
 */
function valueBetween(header: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(header.charCodeAt(start))) start += 1;
  while (end > start && isBlank(header.charCodeAt(end - 1))) end -= 1;
  const isQuoted = end - start > 1 && header.charCodeAt(start) === QUOTE && header.charCodeAt(end - 1) === QUOTE;
  return isQuoted ? header.slice(start + 1, end - 1) : header.slice(start, end);
}

/**
 * No domain, and each domain that a cookie of this host can have. Browsers ignore those that they
 * do not allow.
 */
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

// Browsers ignore an attribute whose value is longer (RFC 6265bis 5.6).
const MAX_PATH_BYTES = 1024;

/** Each path that a cookie for this URL can have, if it can be written into a header. */
function possiblePaths(url: string): readonly string[] {
  const segments = url
    .replace(/[?#].*$/s, "")
    .split("/")
    .slice(1, 11);
  const unsafe = segments.findIndex((segment) => !/^[A-Za-z0-9_.~%!$&'()*+,=:@-]+$/.test(segment));
  const safe = unsafe === -1 ? segments : segments.slice(0, unsafe);
  const paths = safe
    .map((_, index) => `/${safe.slice(0, index + 1).join("/")}`)
    .filter(({ length }) => length < MAX_PATH_BYTES);
  return ["/", ...paths.flatMap((path) => [path, `${path}/`])];
}
