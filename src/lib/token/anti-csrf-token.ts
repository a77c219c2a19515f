import type { Realm } from "./realm.ts";
import type { Secrets } from "../crypto/secret.ts";

export interface AntiCsrfTokens {
  /**
   * The anti-CSRF token of a session: a keyed hash of its handle, so it is the same for the life of
   * the session.
   */
  of(handle: string): string;
  /** Whether `token` belongs to the session, under any secret of the list. */
  matches(token: string, handle: string): boolean;
}

export function createAntiCsrfTokens(secrets: () => Pick<Secrets, "antiCsrf">, realm: Realm = ""): AntiCsrfTokens {
  const messageOf = (handle: string): string => (realm === "" ? handle : `${handle}.${realm}`);
  return {
    of: (handle) => secrets().antiCsrf[0].text(messageOf(handle)),
    matches: (token, handle) => secrets().antiCsrf.some((mac) => mac.matches(messageOf(handle), token)),
  };
}
