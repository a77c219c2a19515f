import type { CreateOptions, IsOptional } from "../session/create-session.ts";
import type { VerifyOptions } from "../session/verify-session.ts";

/** Options of protecting a route. */
export interface ProtectOptions extends Pick<VerifyOptions, "maxAuthAge"> {
  /** Whether a request without a session is refused. False lets it pass without one; an expired one is refused all the same, so that it is refreshed. Default true. */
  readonly sessionRequired?: boolean;
  /** Whether the anti-CSRF token is demanded. Default: on all methods but GET, HEAD and OPTIONS. */
  readonly antiCsrfCheck?: boolean;
  /**
   * Whether the route renders pages: a browser that loads one with an expired access token is sent
   * through the refresh route and back, or refreshed on the spot where its refresh token comes
   * along. The other options are then judged on the new token. Scripts that fetch data get the
   * usual refusal. Default false.
   */
  readonly page?: boolean;
}

interface SignInOptions extends Omit<CreateOptions, "device"> {
  /** A name for the device, at most 100 characters. */
  readonly deviceLabel?: string;
}

interface SignInClaims<Claims> {
  /** JSON that the access token carries, readable by the client. Default `{}`, where the app's type takes it. */
  readonly jwtPayload: Claims;
}

interface SignInData<Data> {
  /** JSON that stays on the server. Default `{}`, where the app's type takes it. */
  readonly sessionData: Data;
}

export type StartDetails<Claims = unknown, Data = unknown> = SignInOptions &
  (IsOptional<Claims> extends true ? Partial<SignInClaims<Claims>> : SignInClaims<Claims>) &
  (IsOptional<Data> extends true ? Partial<SignInData<Data>> : SignInData<Data>);
