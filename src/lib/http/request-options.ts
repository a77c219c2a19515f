import type { Actor } from "../session/actor.ts";
import type { CreateOptions, IsOptional } from "../session/create-session.ts";
import type { VerifyOptions } from "../session/verify-session.ts";
import type { RequestSession } from "./request-session.ts";

/** Options of a protected route. */
export interface ProtectOptions<Claims = unknown> extends Pick<
  VerifyOptions<Claims>,
  "maxAuthAge" | "refuseActor" | "claims" | "requireAmr"
> {
  /**
   * Whether a request without a session is refused. False lets it pass; an expired access token is
   * still refused, so the client refreshes. Default true.
   */
  readonly sessionRequired?: boolean;
  /**
   * Whether the anti-CSRF token is required. Default: for all methods except GET, HEAD and OPTIONS.
   */
  readonly antiCsrfCheck?: boolean;
  /**
   * Whether the route renders a page. If so, a browser with an expired access token is redirected
   * through the refresh route and back, or refreshed at once if its refresh token came along. The
   * other options then apply to the new token. Scripts that fetch data get the usual refusal.
   * Default false.
   */
  readonly page?: boolean;
}

interface SignInOptions extends Omit<CreateOptions, "actor" | "device"> {
  /** A name of the device, cut after 100 characters. Default: none. */
  readonly deviceLabel?: string;
  /**
   * Who acts for the user: the actor's session of this request, as `sessionOf(req)` returns it, or
   * the actor's user id and live session. If the request carries that session, it is not revoked,
   * but its cookies are replaced unless this instance has a `cookie.prefix` of its own. Default:
   * the user acts.
   */
  readonly actor?: Actor | RequestSession;
}

interface SignInClaims<Claims> {
  /**
   * The claims: JSON in the access token, which the client can read. Default `{}`, if the type of
   * your claims allows it.
   */
  readonly jwtPayload: Claims;
}

interface SignInData<Data> {
  /**
   * JSON that stays on the server, at most 1,000,000 characters. Default `{}`, if the type of your
   * data allows it.
   */
  readonly sessionData: Data;
}

export type StartDetails<Claims = unknown, Data = unknown> = SignInOptions &
  (IsOptional<Claims> extends true ? Partial<SignInClaims<Claims>> : SignInClaims<Claims>) &
  (IsOptional<Data> extends true ? Partial<SignInData<Data>> : SignInData<Data>);
