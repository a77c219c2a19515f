import { ANTI_CSRF_HEADER, CUSTOM_HEADER, CUSTOM_VALUE } from "../../protocol.ts";
import { abortable } from "./abortable.ts";
import { type ResponseHead, type ClientSettings, hasToken } from "./client-options.ts";
import { type CallOwner, isOwner } from "./known-session.ts";
import { SessionClientError } from "./session-client-error.ts";
import type { SessionRefresh } from "./session-refresh.ts";
import type { SessionStateHolder } from "./session-state.ts";

/** A request before it is sent. */
export interface OutgoingCall {
  /** The absolute URL. */
  readonly url: string;
  /** The method in HTTP's spelling, for instance `"POST"`. */
  readonly method: string;
  /** Ends the wait for a refresh. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the request signs in; the current session is then not refreshed first. Default false.
   */
  readonly isSignIn?: boolean;
  /** The user of the call. Default: the user whom the page knows at this moment. */
  readonly owner?: CallOwner | undefined;
}

/** How to send a request. Plain data, so it can be passed to a worker and back. */
export interface PreparedCall {
  /** The headers to add; none for a method that changes nothing. */
  readonly headers: Readonly<Record<string, string>>;
  /** The absolute URL. */
  readonly url: string;
  /** The method. */
  readonly method: string;
  /** The marker of the session that the request is sent with. */
  readonly marker: string | undefined;
  /** The user of the call; undefined if nobody was signed in. */
  readonly owner: CallOwner | undefined;
  /** Whether the request was refused before and is now repeated. */
  readonly isSecond: boolean;
}

/**
 * The rules for a request to the API, for every way to send it: `fetch`, `XMLHttpRequest`, a
 * worker.
 */
export interface SessionCalls {
  /**
   * Says how to send a request, after the refresh that it needs.
   *
   * @returns undefined if the request does not go to the API, so it is sent unchanged
   * @throws SessionClientError if the request needs a refresh that fails now; `USER_CHANGED` if
   *   another user has signed in since the call
   * @throws the reason of the signal if the caller stops waiting
   */
  prepare(call: OutgoingCall): Promise<PreparedCall | undefined>;
  /**
   * Judges a response.
   *
   * @param canResend whether the body can be sent a second time. Default true
   * @returns a call if the request should be sent again, with it; an error if the response counts,
   *   but the client could not do its part; undefined if the response counts
   */
  judge(call: PreparedCall, response: ResponseHead, canResend?: boolean): Promise<Verdict>;
}

/** What to do about a response. */
export type Verdict = PreparedCall | SessionClientError | undefined;

export function createSessionCalls(
  settings: ClientSettings,
  state: SessionStateHolder,
  refresh: SessionRefresh,
): SessionCalls {
  // The marker of new tokens, and the URL that refused them. Another refresh would not help there.
  let refusedAfterRefresh: string | undefined;

  /**
   * Prepares a call for the browser's session, if the owner matches.
   *
   * @throws as `prepare`
   */
  async function prepareFor(
    { url, method, signal, isSignIn }: OutgoingCall,
    owner: CallOwner | undefined,
    isSecond: boolean,
  ): Promise<PreparedCall> {
    const isUnsafe = !/^(GET|HEAD|OPTIONS)$/i.test(method);
    for (let refreshes = 0; ; refreshes += 1) {
      const known = state.sync();
      const isFirst = !isSecond && !refreshes;
      const isOthers = owner && known && !isOwner(owner, known);
      if (isOthers && (known.user || refreshes > 1)) throw new SessionClientError("USER_CHANGED");
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
      if (isNeeded && typeof result !== "string") throw result;
    }
  }

  return {
    async prepare(call) {
      const { url, owner = state.known() } = call;
      const isRoute = url === settings.refreshUrl || url === settings.signOutUrl;
      // A blob has the origin of its page.
      if (isRoute || !/^http/i.test(url) || !settings.origins.includes(new URL(url).origin)) return undefined;
      // A sign-in may change the user.
      return prepareFor(call, call.isSignIn ? undefined : owner, false);
    },

    async judge(call, response, canResend = true) {
      const blocked = state.learn(response, call.marker);
      // Also after a response without session headers: another user may have signed in meanwhile.
      const known = state.sync();
      if (blocked || !settings.isRefused(response)) return blocked;
      if (known?.marker === call.marker) {
        const refused = call.marker + call.url;
        if (call.isSecond) refusedAfterRefresh = refused;
        // Also for a request without any token, and for new tokens that were refused.
        if (known ? refused === refusedAfterRefresh : call.isSecond || !hasToken(response)) return undefined;
        const result = await refresh.run();
        if (result !== "fresh") return result === "over" ? undefined : result;
      } else if (!known) {
        return undefined;
      }
      try {
        const prepared = await prepareFor(call, call.owner, true);
        if (call.isSecond) return undefined;
        return canResend ? prepared : new SessionClientError("BODY_NOT_REPLAYABLE");
      } catch (error) {
        return error as SessionClientError;
      }
    },
  };
}
