import { equalInConstantTime } from "./encoding.ts";
import type { Secrets } from "./secret.ts";

export interface AntiCsrfTokens {
  /** The anti-CSRF token of a session: a keyed hash of its handle, so it is the same for the life of the session. */
  of(handle: string): string;
  /** Whether `token` belongs to the session, under any secret of the list. */
  matches(token: string, handle: string): boolean;
}

const LENGTH = 43;

export function createAntiCsrfTokens(secrets: () => Pick<Secrets, "antiCsrf">): AntiCsrfTokens {
  return {
    of: (handle) => secrets().antiCsrf[0](handle).toString("base64url"),
    matches: (token, handle) =>
      token.length === LENGTH &&
      secrets().antiCsrf.some((mac) => equalInConstantTime(token, mac(handle).toString("base64url"))),
  };
}
