import type { SessionContext } from "../session/context.ts";
import type { CreateOptions } from "../session/create-session.ts";
import type { Sessions } from "../session/sessions.ts";
import type { UserId } from "../session/user-id.ts";
import type { VerifyOptions } from "../session/verify-session.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import type { RequestSession } from "./request-session.ts";
import type { TransportKind } from "./transport.ts";

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

/** Sessions over HTTP: every rule about cookies and cross-site requests. Adapters hand in an exchange and send what comes back. */
export interface HttpSessions {
  readonly sessions: Sessions;
  readonly context: SessionContext;
  /** Signs in: a new session, its cookies, and the end of the session that the request carried (no fixation, ASVS 5.0 7.2.4). */
  start(exchange: HttpExchange, userId: UserId, details?: StartDetails): Promise<RequestSession>;
  /**
   * Verifies the session of a request; undefined only where none is required.
   *
   * @param isRoute whether the response is one of a route that depends on the session, so that
   *   caches must keep it apart. False where something behind this renders it, and says so itself.
   *   Default true
   */
  protect(exchange: HttpExchange, options?: ProtectOptions, isRoute?: boolean): Promise<RequestSession | undefined>;
  refresh(exchange: HttpExchange): Promise<RequestSession>;
  /** As of `RequestTimes`: for what has looked at the request before this process. */
  see(exchange: HttpExchange, handle: string, at: number): void;
  /**
   * Refuses an unsafe request of another site that carries a cookie of ours, whatever it asks for.
   * @throws SessionError `CSRF_REFUSED`
   */
  refuseCrossSite(exchange: HttpExchange): void;
  /** Ends the session of a request and clears its cookies. @throws SessionError `SESSION_NOT_FOUND` when there is none; the cookies are cleared all the same */
  signOut(exchange: HttpExchange): Promise<void>;
}

export interface StartDetails<Claims = unknown, Data = unknown> extends Omit<CreateOptions, "device"> {
  /** JSON that the access token carries, readable by the client. Default `{}`. */
  readonly jwtPayload?: Claims;
  /** JSON that stays on the server. Default `{}`. */
  readonly sessionData?: Data;
  /** A name for the device, at most 100 characters. */
  readonly deviceLabel?: string;
}

/** An access token, and how it came or will go. */
export interface Judged {
  readonly transport: TransportKind;
  readonly accessToken: string;
}

/** A session that has been refreshed, and its new token. */
export interface Renewed {
  readonly session: RequestSession;
  readonly judged: Judged;
}
