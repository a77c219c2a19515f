import { isHostName } from "../cookie-names.ts";
import { parseMarker } from "../../protocol.ts";
import type { SessionContext } from "../session/context.ts";
import { authenticateRefreshToken, claimedHandle } from "../session/refresh-session.ts";
import type { CookieReading, SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { findNamedSession } from "./named-session.ts";
import { unlessNotOurs } from "./outcomes.ts";

/** The refresh cookie of a request, as far as the rule below trusts it. */
export type BoundReading = CookieReading & {
  /**
   * Undefined: bound. Otherwise the session must have replaced one of these at its sign-in, which
   * only its row can tell.
   */
  readonly replaced?: ReadonlySet<string>;
};

/**
 * Decides which refresh cookies may be used. A sibling sub-domain can set a cookie with a path, but
 * no `__Host-` cookie (RFC 6265bis 4.1.3.2). If the other cookies are `__Host-` and the refresh
 * cookie is not, it must belong to a session that they name, or it counts as absent
 * (docs/decisions/029).
 */
export interface RefreshCookies {
  /** @returns the cookie for a refresh */
  read(exchange: HttpExchange): Promise<BoundReading>;
  /** @returns the cookie that certainly names a session, without asking the store */
  readCertain(exchange: HttpExchange): Promise<CookieReading>;
}

// A browser keeps one __Host- cookie of a name, or two if cookies are partitioned. A sibling can
// add any number of refresh cookies.
const MAX_VOUCHERS = 2;
// The same number of values is read per kind.
const MAX_CHECKS = 4;

export function createRefreshCookies(context: SessionContext, cookies: SessionCookies): RefreshCookies {
  const { access, refresh } = context.policy.cookie.names;
  const isBound = isHostName(access) && !isHostName(refresh);

  /**
   * The refresh cookies of the sessions that the markers name. Without markers, of those that the
   * access cookies name.
   */
  async function match(exchange: HttpExchange): Promise<{ found: readonly string[]; named: Set<string> }> {
    const named = new Set<string>();
    if (cookies.read(exchange, "refresh").kind === "none") return { found: [], named };
    const isNamed = (value: string): boolean => named.has(claimedHandle(value) ?? "");
    const findNamed = (): readonly string[] => valuesOf(cookies.read(exchange, "refresh", isNamed));
    for (const value of valuesOf(cookies.read(exchange, "marker")).slice(0, MAX_VOUCHERS)) {
      const marker = parseMarker(value);
      if (marker !== undefined) named.add(marker.handle);
    }
    const found = findNamed();
    if (found.length > 0) return { found, named };
    // A script can delete the marker. The access cookie is HttpOnly, and counts even if its token
    // has expired.
    for (const value of valuesOf(cookies.read(exchange, "access")).slice(0, MAX_VOUCHERS)) {
      const session = await findNamedSession(context, value);
      if (session !== undefined) named.add(session.handle);
    }
    return { found: findNamed(), named };
  }

  async function authentic(values: readonly string[]): Promise<readonly string[]> {
    await context.ready();
    const found: string[] = [];
    for (const value of values) {
      if ((await unlessNotOurs(() => authenticateRefreshToken(context, value))) !== undefined) found.push(value);
    }
    return found;
  }

  /** A single value is not checked here, because its use checks it. */
  async function choose(values: readonly string[]): Promise<CookieReading> {
    const found = values.length < 2 ? values : await authentic(values);
    return toReading(orAmbiguous(found, values));
  }

  /**
   * Of several cookies, those whose sessions have replaced one of `named`. The row of a single
   * cookie is read by its refresh.
   */
  async function findReplacing(exchange: HttpExchange, named: ReadonlySet<string>): Promise<BoundReading> {
    const values = valuesOf(cookies.read(exchange, "refresh", (value) => claimedHandle(value) !== undefined));
    if (values.length < 2) return { ...toReading(values), replaced: named };
    const found: string[] = [];
    for (const value of await authentic(values)) {
      const record = await context.store.findSession(claimedHandle(value) ?? "");
      if (record?.replacedHandle !== undefined && named.has(record.replacedHandle ?? "")) found.push(value);
    }
    return { ...toReading(orAmbiguous(found, values)), replaced: named };
  }

  return {
    async read(exchange) {
      if (!isBound) return cookies.read(exchange, "refresh");
      const { found, named } = await match(exchange);
      if (found.length > 0) return choose(found);
      return named.size === 0 ? { kind: "none" } : findReplacing(exchange, named);
    },

    async readCertain(exchange) {
      return isBound ? choose((await match(exchange)).found) : cookies.read(exchange, "refresh");
    },
  };
}

export const valuesOf = (reading: CookieReading): readonly string[] => {
  if (reading.kind === "none") return [];
  return reading.kind === "one" ? [reading.value] : reading.values;
};

function toReading(values: readonly string[]): CookieReading {
  const [first, ...others] = values;
  if (first === undefined) return { kind: "none" };
  return others.length === 0 ? { kind: "one", value: first } : { kind: "ambiguous", values };
}

/**
 * The matching values among those that were read. Our cookie may come after the last of them, and
 * must not be cleared unread.
 */
const orAmbiguous = (found: readonly string[], values: readonly string[]): readonly string[] =>
  found.length === 0 && values.length >= MAX_CHECKS ? values : found;
