import { isErrorFromAuth, type SessionError } from "../errors.ts";
import type { Notice } from "../notices.ts";
import { findCrossSite, findCrossSiteSignIn } from "./csrf.ts";
import type { HttpExchange } from "./exchange.ts";
import type { HttpSessions } from "./http-sessions.ts";
import { unknownOrigin } from "./setup-faults.ts";

/**
 * The same sessions, looked at from outside: each refusal is counted, and told of where it shows
 * that the set-up cannot work. Requests that are accepted cost nothing.
 */
export function watchSessions(http: HttpSessions): HttpSessions {
  const { refusals, policy } = http.context;

  /** What is wrong with the set-up; undefined where nothing shows. */
  function causeOf(exchange: HttpExchange, { code }: SessionError): Notice | undefined {
    switch (code) {
      case "CSRF_REFUSED": {
        // A header `rid` that is missing has the same code.
        const isCrossSite =
          (findCrossSite(exchange, policy.http) ?? findCrossSiteSignIn(exchange, policy.http)) !== undefined;
        return isCrossSite ? unknownOrigin(exchange, policy.http) : undefined;
      }
      default:
        return undefined;
    }
  }

  function note(exchange: HttpExchange, error: unknown): void {
    // A page that is loaded again is not refused.
    if (!isErrorFromAuth(error) || error.code === "REFRESH_REDIRECT") return;
    refusals.count(error.code, causeOf(exchange, error));
  }

  const watch = <T>(exchange: HttpExchange, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      note(exchange, error);
      throw error;
    });

  return {
    ...http,
    start: (exchange, userId, details) => watch(exchange, http.start(exchange, userId, details)),
    protect: (exchange, options) => watch(exchange, http.protect(exchange, options)),
    refresh: (exchange) => watch(exchange, http.refresh(exchange)),
    signOut: (exchange) => watch(exchange, http.signOut(exchange)),
    refuseCrossSite(exchange) {
      try {
        http.refuseCrossSite(exchange);
      } catch (error) {
        note(exchange, error);
        throw error;
      }
    },
  };
}
