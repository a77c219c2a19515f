import { type Actor, withActor } from "../session/actor.ts";
import { changeClaims, revokeSession, type Update, type Updater } from "../session/manage-sessions.ts";
import type { SessionRecord } from "../session/record.ts";
import { mintAccessToken } from "../session/tokens.ts";
import { checkKnown } from "../session/known-options.ts";
import { type NewSignIn, rotateAlong, writeSignIn } from "../session/reauthenticate.ts";
import { readAmr, type SignIn, signInColumns } from "../session/amr.ts";
import type { UserId } from "../session/user-id.ts";
import type { Session } from "../session/verify-session.ts";
import type { HttpContext } from "./context.ts";
import type { HttpExchange } from "./exchange/exchange.ts";
import { deviceOf, readPresented } from "./request-facts.ts";
import { setRefusalResponse } from "./refusal-response.ts";
import type { Transport } from "./transport.ts";

/**
 * The session of a request. `Claims`, `Data` and `Id` are the app's types, which `sessionsFor`
 * knows; without it they are unknown. Every method that asks the store may throw a `SessionError`
 * with `STORE_UNAVAILABLE`.
 */
export interface RequestSession<Claims = unknown, Data = unknown, Id extends UserId = UserId> {
  /** @returns the user, exactly as given at sign-in */
  getUserId(): Id;
  /** @returns the public name of the session, which is no secret and safe in logs */
  getHandle(): string;
  /** @returns who acts for the user in this session; undefined if the user does */
  getActor(): Actor | undefined;
  /** @returns the claims in the access token */
  getJWTPayload(): Claims;
  /**
   * Reads the data of the session on the server.
   *
   * @throws SessionError `SESSION_NOT_FOUND` if the session has ended
   */
  getSessionData(): Promise<Data>;
  /**
   * Replaces the data of the session on the server.
   *
   * @param update the new value, or a function of the old value. The function runs again if another
   *   request changed the session meanwhile
   * @returns the new value
   * @throws SessionError `SESSION_NOT_FOUND` if the session has ended; `VALUE_NOT_JSON`,
   *   `VALUE_TOO_LARGE`
   */
  updateSessionData(update: Updater<Data>): Promise<Data>;
  updateSessionData(value: Data): Promise<Data>;
  /**
   * Replaces the claims and sends the client an access token with them.
   *
   * @param update the new claims, or a function of the old claims. The function runs again if
   *   another request changed the session meanwhile
   * @returns the new claims
   * @throws SessionError `SESSION_NOT_FOUND` if the session has ended; `VALUE_NOT_JSON`,
   *   `VALUE_TOO_LARGE`, `TOKEN_TOO_LARGE`
   */
  updateJwtPayload(update: Updater<Claims>): Promise<Claims>;
  updateJwtPayload(value: Claims): Promise<Claims>;
  /**
   * Renews the sign-in, after the user has given the password or another proof again (step-up). The
   * session and its anti-CSRF token stay the same. The client gets an access token with the new
   * sign-in, and a new refresh token if the request carries the refresh token, which browsers send
   * only below the path of the refresh route.
   *
   * @param signIn when and how the user signed in. Default: now
   * @throws SessionError `SESSION_NOT_FOUND`, `SESSION_EXPIRED` if the session has ended;
   *   `ACTOR_REFUSED` if somebody acts for the user in it; `TOKEN_TOO_LARGE`
   */
  reauthenticate(signIn?: NewSignIn): Promise<void>;
  /**
   * Signs out: revokes the session and clears the client's tokens.
   *
   * @returns whether the session still existed
   */
  revokeSession(): Promise<boolean>;
}

interface Found {
  readonly session: Session;
  readonly transport: Transport;
  /** When the client's access token, or the one in this response, expires. */
  readonly accessExpires: number;
  /** What the client's access token tells of the sign-in. Undefined: what the row does. */
  readonly signIn?: SignIn | undefined;
  /** The row, if the check of this request has read it. */
  readonly row?: SessionRecord | undefined;
}

export const createRequestSession = (http: HttpContext, exchange: HttpExchange, found: Found): RequestSession =>
  new SessionOfRequest(http, exchange, found);

/**
 * A class with getters: one is made for each request, and most routes use one method. Methods are
 * made on access and can be destructured: `const { getUserId } = session`.
 */
class SessionOfRequest implements RequestSession {
  readonly #http: HttpContext;
  readonly #exchange: HttpExchange;
  readonly #found: Found;
  #claims: unknown;
  #accessExpires: number;
  #signIn: SignIn | undefined;
  #row: SessionRecord | undefined;

  constructor(http: HttpContext, exchange: HttpExchange, found: Found) {
    this.#http = http;
    this.#exchange = exchange;
    this.#found = found;
    this.#claims = found.session.jwtPayload;
    this.#accessExpires = found.accessExpires;
    this.#signIn = found.signIn;
    this.#row = found.row;
  }

  get getUserId(): RequestSession["getUserId"] {
    return () => this.#found.session.userId;
  }

  get getHandle(): RequestSession["getHandle"] {
    return () => this.#found.session.handle;
  }

  get getActor(): RequestSession["getActor"] {
    return () => this.#found.session.actor;
  }

  get getJWTPayload(): RequestSession["getJWTPayload"] {
    return () => this.#claims;
  }

  get getSessionData(): RequestSession["getSessionData"] {
    return () => this.#setRefusal(this.#http.sessions.getSessionData(this.#found.session.handle));
  }

  get updateSessionData(): RequestSession["updateSessionData"] {
    return (update: Update<unknown>) =>
      this.#setRefusal(this.#http.sessions.updateSessionData(this.#found.session.handle, update));
  }

  get updateJwtPayload(): RequestSession["updateJwtPayload"] {
    return (update: Update<unknown>) => this.#updateClaims(update);
  }

  get reauthenticate(): RequestSession["reauthenticate"] {
    return (signIn) => this.#setRefusal(this.#reauthenticate(signIn));
  }

  get revokeSession(): RequestSession["revokeSession"] {
    return () => this.#revoke();
  }

  async #updateClaims(update: Update<unknown>): Promise<unknown> {
    const { session: context } = this.#http;
    const { session, transport } = this.#found;
    const signIn = this.#signIn;
    const { handle, userId, actor } = session;
    const { record, value } = await this.#setRefusal(changeClaims(context, handle, update, this.#row));
    this.#row = undefined;
    this.#claims = value;
    // Newer claims, but the same expiry and the same sign-in: a thief with only a copied access
    // token must not be able to renew it, nor get the user's step-up.
    const expiresAt = Math.min(record.expiresAt, this.#accessExpires);
    const signedIn = signIn === undefined ? {} : signInColumns(signIn);
    const accessToken = mintAccessToken(context, { ...record, ...signedIn, expiresAt }, context.now());
    transport.issueAccess(this.#exchange, {
      session: { handle, userId, jwtPayload: value, ...withActor(actor) },
      accessToken,
      sessionExpires: record.expiresAt,
    });
    return value;
  }

  async #reauthenticate(signIn: NewSignIn = {}): Promise<void> {
    const http = this.#http;
    const { session: context, renewed } = http;
    const { session, transport } = this.#found;
    const { handle, userId } = session;
    const exchange = this.#exchange;
    checkKnown(signIn, "reauthenticate", ["amr", "authTime"]);
    exchange.checkUnsent();
    const record = await writeSignIn(context, handle, signIn);
    this.#row = undefined;
    this.#claims = JSON.parse(record.claims);
    this.#signIn = { authTime: record.authTime, amr: readAmr(record.amr) };
    // After a refresh in this request its own refresh token is the one of before.
    const presented = renewed.has(exchange.key) ? undefined : await readPresented(http, exchange, transport.kind);
    const rotated =
      presented === undefined ? undefined : await rotateAlong(context, handle, presented, deviceOf(exchange));
    // Without proof of the refresh token the access token lives no longer than the one before.
    const expiresAt = Math.min(record.expiresAt, this.#accessExpires);
    const accessToken = rotated?.newAccessToken ?? mintAccessToken(context, { ...record, expiresAt }, context.now());
    this.#accessExpires = accessToken.expires;
    renewed.set(exchange.key, { transport: transport.kind, accessToken: accessToken.value });
    if (rotated === undefined) {
      const known = { handle, userId, jwtPayload: this.#claims };
      transport.issueAccess(exchange, { session: known, accessToken, sessionExpires: record.expiresAt });
      return;
    }
    const {
      newRefreshToken: refreshToken,
      newIdRefreshToken: idRefreshToken,
      newAntiCsrfToken: antiCsrfToken,
    } = rotated;
    const issued = { session: rotated.session, accessToken, refreshToken, idRefreshToken, antiCsrfToken };
    transport.issue(exchange, issued, presented);
  }

  async #revoke(): Promise<boolean> {
    const { session, transport } = this.#found;
    const { handle, userId, actor } = session;
    const event = { reason: "sign-out", userId, ...withActor(actor) } as const;
    const existed = await this.#setRefusal(revokeSession(this.#http.session, handle, event));
    transport.clear(this.#exchange);
    return existed;
  }

  #setRefusal<T>(work: Promise<T>): Promise<T> {
    return work.catch((error: unknown) => {
      setRefusalResponse(error, this.#exchange, this.#http.session.policy.http);
      throw error;
    });
  }
}
