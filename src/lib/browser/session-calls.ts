import { ANTI_CSRF_HEADER, CUSTOM_HEADER, CUSTOM_VALUE } from "../../protocol.ts";
import { abortable } from "./abortable.ts";
import { type ResponseHead, type ClientSettings, hasToken } from "./client-options.ts";
import { type CallOwner, isOwner } from "./known-session.ts";
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
  /** For whom it is made. Default: the user that the page knew at this moment. */
  readonly owner?: CallOwner | undefined;
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
  /** For whom it was made; undefined: for nobody. */
  readonly owner: CallOwner | undefined;
  /** Whether it has been refused, and is sent again. */
  readonly isSecond: boolean;
}

/** The rules for a call to the API, whatever it is sent by: `fetch`, `XMLHttpRequest`, a worker. */
export interface SessionCalls {
  /**
   * What to send a request with, after the refresh that it needs. Undefined: it is none of the API's, and goes out as it is.
   *
   * @throws SessionClientError when it needs a refresh that cannot be had now; `USER_CHANGED` when
   * somebody else has signed in since the call was made
   * @throws the signal's reason when the caller does not want to wait any longer
   */
  prepare(call: OutgoingCall): Promise<PreparedCall | undefined>;
  /**
   * Judges the answer. A call: send the request again, with this; an error: the answer stands, and this is why the client could do nothing
   * about it; undefined: the answer stands.
   *
   * @param canResend whether the body can be sent a second time. Default true
   */
  judge(call: PreparedCall, answer: ResponseHead, canResend?: boolean): Promise<Verdict>;
}

/** What is to be done about an answer. */
export type Verdict = PreparedCall | SessionClientError | undefined;

export function createSessionCalls(
  settings: ClientSettings,
  state: SessionStateHolder,
  refresh: SessionRefresh,
): SessionCalls {
  // The marker of new tokens, and the address where they were refused all the same: another refresh would not help there.
  let refusedAfterRefresh: string | undefined;

  /** Makes a call ready for the session that the browser has, if that is its owner's. */
  async function prepareFor(
    { url, method, signal, isSignIn }: OutgoingCall,
    owner: CallOwner | undefined,
    isSecond: boolean,
  ): Promise<PreparedCall | SessionClientError> {
    const isUnsafe = !/^(GET|HEAD|OPTIONS)$/i.test(method);
    for (let refreshes = 0; ; refreshes += 1) {
      const known = state.sync();
      const isFirst = !isSecond && !refreshes;
      const isOthers = owner && known && !isOwner(owner, known);
      if (isOthers && (known.user || refreshes > 1))
        return new SessionClientError("USER_CHANGED", "another user has signed in");
      const isNeeded =
        isOthers ||
        (isFirst && known && !isSignIn && (state.isExpired() || (isUnsafe && known.antiCsrf === undefined)));
      if (!isNeeded && !(isFirst && refresh.flight)) {
        const headers: Record<string, string> =
          known && isUnsafe
            ? { [CUSTOM_HEADER]: CUSTOM_VALUE, ...(known.antiCsrf && { [ANTI_CSRF_HEADER]: known.antiCsrf }) }
            : {};
        return { headers, url, method, marker: known?.marker, owner: known ?? owner, isSecond };
      }
      const result = await abortable(refresh.run(), signal);
      if (isNeeded && typeof result !== "string") return result;
    }
  }

  return {
    async prepare(call) {
      const { url, owner = state.known() } = call;
      const isRoute = url === settings.refreshUrl || url === settings.signOutUrl;
      // The origin of a blob is that of the page that has made it.
      if (isRoute || !/^http/i.test(url) || !settings.origins.includes(new URL(url).origin)) return undefined;
      // Who signs in is somebody else by intent.
      const prepared = await prepareFor(call, call.isSignIn ? undefined : owner, false);
      if (prepared instanceof SessionClientError) throw prepared;
      return prepared;
    },

    async judge(call, answer, canResend = true) {
      const blocked = state.learn(answer, call.marker);
      // Also after an answer that says nothing of it: somebody else may have signed in while it was on its way.
      const known = state.sync();
      if (blocked || !settings.isRefused(answer)) return blocked;
      if (known?.marker === call.marker) {
        if (call.isSecond) refusedAfterRefresh = call.marker + call.url;
        // A stranger without any token, or one whose new tokens are refused, too.
        if (call.isSecond || (known ? known.marker + call.url === refusedAfterRefresh : !hasToken(answer)))
          return undefined;
        const result = await refresh.run();
        if (result !== "fresh") return result === "over" ? undefined : result;
      } else if (!known) {
        return undefined;
      }
      const prepared = await prepareFor(call, call.owner, true);
      if (prepared instanceof SessionClientError) return prepared;
      if (call.isSecond) return undefined;
      return canResend ? prepared : new SessionClientError("BODY_NOT_REPLAYABLE", "a stream is sent once");
    },
  };
}
