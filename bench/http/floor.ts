import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { areEqual } from "../are-equal.ts";

export interface Floor {
  signIn(user: string): { readonly cookie: string; readonly antiCsrf: string };
  /** The least that a session check can do; undefined: no session. */
  findUser(headers: IncomingHttpHeaders): string | undefined;
}

const COOKIE = "floor=";

export function createFloor(): Floor {
  const sessions = new Map<string, { readonly user: string; readonly expires: number; readonly antiCsrf: string }>();
  return {
    signIn(user) {
      // As long as an access token of Counterfoil.
      const [token, antiCsrf] = [randomBytes(246).toString("base64url"), randomBytes(32).toString("base64url")];
      sessions.set(token, { user, expires: Date.now() + 86_400_000, antiCsrf });
      return { cookie: `${COOKIE}${token}; Path=/`, antiCsrf };
    },
    findUser(headers) {
      const { cookie = "" } = headers;
      const at = cookie.indexOf(COOKIE);
      if (at === -1) return undefined;
      const end = cookie.indexOf(";", at);
      const found = sessions.get(cookie.slice(at + COOKIE.length, end === -1 ? cookie.length : end));
      if (found === undefined || found.expires <= Date.now()) return undefined;
      const antiCsrf = headers["anti-csrf"];
      if (typeof antiCsrf !== "string" || !areEqual(found.antiCsrf, antiCsrf)) return undefined;
      return headers["sec-fetch-site"] === "cross-site" ? undefined : found.user;
    },
  };
}
