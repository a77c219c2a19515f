import { ANTI_CSRF_HEADER, CUSTOM_HEADER } from "../../protocol.ts";
import { abortable } from "./abortable.ts";
import { type AnswerHead, type ClientSettings, hasToken } from "./client-options.ts";
import type { KnownSession } from "./known-session.ts";
import { SessionClientError } from "./session-client-error.ts";
import type { SessionRefresh } from "./session-refresh.ts";
import type { SessionStateHolder } from "./session-state.ts";

/** A request that is about to be sent. */
export interface OutgoingCall {
  /** Absolute. */
  readonly url: string;
  /** As HTTP spells it, for instance `"POST"`. */
  readonly method: string;
  /** Ends the waiting for a refresh. */
  readonly signal?: AbortSignal | undefined;
  /** Whether it starts a session, for which the one that there is need not be refreshed. */
  readonly isSignIn?: boolean;
}

/** What to send a request with. Plain data, so that it can be handed to a worker and back. */
export interface PreparedCall {
  /** Headers to add; none where the method changes nothing. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly url: string;
  readonly method: string;
  /** The marker under which the request is sent. */
  readonly marker: string | undefined;
  /** Whether it has been refused, and is sent again. */
  readonly isSecond: boolean;
}

/** The rules for a call to the API, whatever it is sent by: `fetch`, `XMLHttpRequest`, a worker. */
export interface SessionCalls {
  /**
   * What to send a request with, after the refresh that it needs. Undefined: it is none of the API's, and goes out as it is.
   *
   * @throws SessionClientError when it needs a refresh that cannot be had now
   * @throws the signal's reason when the caller does not want to wait any longer
   */
  prepare(call: OutgoingCall): Promise<PreparedCall | undefined>;
  /**
   * Judges the answer. A call: send the request again, with this; an error: the answer stands, and this is why the client could do nothing
   * about it; undefined: the answer stands.
   *
   * @param canResend whether the body can be sent a second time. Default true
   */
  settle(call: PreparedCall, answer: AnswerHead, canResend?: boolean): Promise<Verdict>;
}

/** What is to be done about an answer. */
export type Verdict = PreparedCall | SessionClientError | undefined;

const CHANGES_NOTHING = /^(GET|HEAD|OPTIONS)$/i;

export function createSessionCalls(
  settings: ClientSettings,
  state: SessionStateHolder,
  refresh: SessionRefresh,
): SessionCalls {
  // The marker of new tokens, and the address where they were refused all the same: another refresh would not help there.
  let futile: string | undefined;

  function equip(
    known: KnownSession | undefined,
    { url, method }: Pick<OutgoingCall, "url" | "method">,
    isSecond: boolean,
  ): PreparedCall {
    const headers: Record<string, string> = {};
    if (known && !CHANGES_NOTHING.test(method)) {
      headers[CUSTOM_HEADER] = "1";
      if (known.antiCsrf) headers[ANTI_CSRF_HEADER] = known.antiCsrf;
    }
    return { headers, url, method, marker: known?.marker, isSecond };
  }

  return {
    async prepare(call) {
      const { url, method, signal, isSignIn } = call;
      const isRoute = url === settings.refreshUrl || url === settings.signOutUrl;
      if (isRoute || !settings.origins.includes(new URL(url).origin)) return undefined;
      let known = state.sync();
      const isUnarmed = known?.antiCsrf === undefined && !CHANGES_NOTHING.test(method);
      const isNeeded = known && !isSignIn && (state.isExpired() || isUnarmed);
      if (isNeeded || refresh.flight) {
        const result = await abortable(refresh.run(), signal);
        if (isNeeded && typeof result !== "string") throw result;
        known = state.sync();
      }
      return equip(known, call, false);
    },

    async settle(call, answer, canResend = true) {
      const blocked = state.learn(answer, call.marker);
      if (blocked || !settings.isRefused(answer)) return blocked;
      let known = state.sync();
      if (known?.marker === call.marker) {
        if (call.isSecond) futile = call.marker + call.url;
        // A stranger without any token, or one whose new tokens are refused, too.
        if (call.isSecond || (known ? known.marker + call.url === futile : !hasToken(answer))) return undefined;
        const result = await refresh.run();
        if (result === "over") return undefined;
        if (result !== "fresh") return result;
        known = state.sync();
      } else if (!known || call.isSecond) {
        return undefined;
      }
      if (!canResend) return new SessionClientError("BODY_NOT_REPLAYABLE", "a stream is sent once");
      return equip(known, call, true);
    },
  };
}
