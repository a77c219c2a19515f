/** What became of a request, as sentences at the top of the page. */
import { isErrorFromAuth, type SessionError } from "../../errors.ts";
import type { Duration } from "../../options/duration.ts";
import type { Policy } from "../../policy.ts";
import type { UserId } from "../../session/user-id.ts";
import { describeDuration, showName, showTime, showUser } from "./console-words.ts";
import { type Html, html } from "./html.ts";

export interface ConsoleNotice {
  readonly isAlert: boolean;
  readonly text: Html;
  /** The status of the response. Default: 200. */
  readonly status?: number;
}

const done = (text: Html): ConsoleNotice => ({ isAlert: false, text });
const alarm = (text: Html, status: number): ConsoleNotice => ({ isAlert: true, text, status });

export const revokedOne = (
  handle: string,
  found: { readonly userId: UserId } | undefined,
  policy: Policy,
): ConsoleNotice =>
  found === undefined
    ? done(html`There is no session ${showName(handle)}; it has ended before.`)
    : done(html`Session ${showName(handle)} of ${showUser(found.userId)} is revoked. ${untilExpiry(policy)}`);

export const revokedAll = (userId: UserId, count: number, policy: Policy): ConsoleNotice =>
  count === 0
    ? done(html`${showUser(userId)} had no session left.`)
    : done(
        html`${count} ${count === 1 ? "session" : "sessions"} of ${showUser(userId)} revoked. ${untilExpiry(policy)}`,
      );

/** Without a check of revocations an access token outlives its session. */
const untilExpiry = ({ accessToken: { revocation, validity } }: Policy): string =>
  revocation === "off"
    ? `Access tokens that are out are accepted until they expire, for ${describeDuration(validity)} at most.`
    : "";

export const rotated = (key: { readonly kid: string; readonly activatesAt: number }, now: number): ConsoleNotice =>
  done(html`The next key is ${showName(key.kid)}. It begins to sign at ${showTime(key.activatesAt, now)}.`);

export const retry = (): ConsoleNotice =>
  done(html`Your own session had to be refreshed first, and nothing was changed. Press the button again.`);

export const stepUp = (maxAuthAge: Duration): ConsoleNotice =>
  alarm(html`Nothing was changed: your own sign-in is older than ${maxAuthAge}. Sign in again, then come back.`, 403);

export const acted = (): ConsoleNotice =>
  alarm(html`Nothing was changed: you act for somebody else here. Come back in a session of your own.`, 403);

export const unknownChange = (): ConsoleNotice =>
  alarm(html`Nothing was changed: the console has no such action.`, 400);

/** The code and the sentence hold no secret; the app's log has the cause. */
export const failure = (error: SessionError): ConsoleNotice =>
  alarm(html`${error.code}: ${error.detail}`, isErrorFromAuth(error) ? error.status : 500);
