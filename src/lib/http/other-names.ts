import type { SessionContext } from "../session/context.ts";
import { authenticateRefreshToken } from "../session/refresh-session.ts";
import { authenticate } from "../session/verify-session.ts";
import { valuesOf } from "./bound-refresh.ts";
import type { SessionCookies } from "./cookies.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { unlessNotOurs } from "./outcomes.ts";

/**
 * Our cookies under the names of another `cookie.hostPrefix`, left over from a change of that
 * option.
 */
export interface OtherNames {
  /** Whether the request has such an access cookie. */
  seen(exchange: HttpExchange): Promise<boolean>;
  /** Clears such cookies of the request. */
  clear(exchange: HttpExchange): Promise<void>;
}

// Later responses clear the rest.
const MAX_CHECKS = 2;

/**
 * Only authentic cookies count: another app may use these names, on this host or on a parent
 * domain.
 */
export function createOtherNames(context: SessionContext, cookies: SessionCookies): OtherNames {
  async function isOurs(exchange: HttpExchange, kind: "access" | "refresh"): Promise<boolean> {
    for (const value of valuesOf(cookies.readOther(exchange, kind)).slice(0, MAX_CHECKS)) {
      await context.ready();
      const check = (): Promise<object> =>
        kind === "access" ? authenticate(context, value) : authenticateRefreshToken(context, value);
      if ((await unlessNotOurs(check)) !== undefined) return true;
    }
    return false;
  }

  return {
    seen: (exchange) => isOurs(exchange, "access"),

    async clear(exchange) {
      if (await isOurs(exchange, "access"))
        for (const kind of ["access", "marker"] as const) cookies.clearOther(exchange, kind);
      if (await isOurs(exchange, "refresh")) cookies.clearOther(exchange, "refresh");
    },
  };
}
