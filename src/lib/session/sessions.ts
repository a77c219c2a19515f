import type { Policy } from "../policy.ts";
import { currentCall, outsideCalls } from "../call.ts";
import type { CookieNames } from "../cookie-names.ts";
import { otherSites } from "../options/start-faults.ts";
import { generalError } from "../errors.ts";
import { inTime } from "../in-time.ts";
import { type Jwks, toJwks } from "../key/jwks.ts";
import { createKeyRing, type PendingKey } from "../key/key-ring.ts";
import { MAX_COOKIE_BYTES } from "../../protocol.ts";
import { createTell } from "../notices.ts";
import { createRevocationCheck } from "./revocation-check.ts";
import { guardStore } from "./guarded-store.ts";
import type { SessionStore } from "./session-store.ts";
import { createAccessTokens } from "../token/access-token.ts";
import { createAntiCsrfTokens } from "../token/anti-csrf-token.ts";
import { realmOf } from "../token/realm.ts";
import { createSecrets, type Secrets } from "../crypto/secret.ts";
import { createTickets } from "../token/ticket.ts";
import { createCalls } from "./calls.ts";
import { createSteadyClock } from "../clock.ts";
import { createClocks } from "./clocks.ts";
import type { SessionContext } from "./context.ts";
import { type CreatedSession, type CreateOptions, createSession } from "./create-session.ts";
import { chooseSecrets } from "./default-secret.ts";
import { createEventHub, type SessionEventName, type SessionListener } from "./events.ts";
import { createFirstInMinute } from "./first-in-minute.ts";
import { checkKnown } from "./known-options.ts";
import {
  loadSession,
  revokeEverySession,
  revokeSession,
  revokeSessionsOfUser,
  type Update,
  type Updater,
  updateClaims,
  updateData,
} from "./manage-sessions.ts";
import {
  type HandlePage,
  listPage,
  listSessions,
  type PageOptions,
  type SessionInfo,
  type SessionPage,
} from "./list-sessions.ts";
import { type RefreshedSession, type RefreshOptions, refreshSession } from "./refresh-session.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { createRefusals } from "./refusals.ts";
import { watchStore } from "./store-watch.ts";
import { type SweepOptions, sweepNow } from "./sweep-now.ts";
import { createUpkeep } from "./upkeep.ts";
import type { UserId } from "./user-id.ts";
import { type VerifiedSession, type VerifyOptions, verifySession } from "./verify-session.ts";

/**
 * Everything that can be done with sessions. `Claims` and `Data` are the app's types of `jwtPayload` and `sessionData`.
 *
 * Every method may throw a `SessionError`: `STORE_UNAVAILABLE` (`GENERAL_ERROR`) when the store fails, `CLOSED` after `close()`;
 * the others are named with each method.
 */
export interface Sessions<Claims = unknown, Data = unknown> {
  /**
   * Names of the cookies, as `cookie.hostPrefix` makes them: for middleware of your own that reads
   * or sets them.
   *
   * @example
   * ```ts
   * const accessToken = request.cookies[sessions.cookieNames.access];
   * ```
   */
  readonly cookieNames: CookieNames;

  /**
   * Starts a session for a user who has just proved who they are.
   *
   * @param userId a non-empty string of at most 256 characters, or a finite number; comes back exactly as given
   * @param jwtPayload JSON that the access token carries, readable by the client. Default `{}`
   * @param sessionData JSON that stays on the server, at most 1,000,000 characters. Default `{}`
   * @throws SessionError `GENERAL_ERROR`: `USER_ID_INVALID`, `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`, `TOKEN_TOO_LARGE`, `SESSION_LIMIT_REACHED`
   * @example
   * ```ts
   * const { session, accessToken, refreshToken, idRefreshToken, antiCsrfToken } = await createNewSession("alice", { role: "admin" });
   * ```
   */
  createNewSession(
    userId: UserId,
    jwtPayload?: Claims,
    sessionData?: Data,
    options?: CreateOptions,
  ): Promise<CreatedSession<Claims>>;

  /**
   * Verifies an access token; asks the store only where `blacklisting` says so.
   *
   * @param accessToken value of the cookie `cookieNames.access`
   * @param antiCsrfToken value of the header `anti-csrf`; a string checks it, `undefined` or `null` skips the check
   * @throws SessionError `TRY_REFRESH_TOKEN`: expired, not ours, or wrong anti-CSRF token; `UNAUTHORISED`: revoked (with `blacklisting`);
   *   `STEP_UP_REQUIRED`: the sign-in is older than `options.maxAuthAge` (RFC 9470)
   * @example
   * ```ts
   * const { session, newAccessToken } = await getSession(accessToken, antiCsrfToken);
   * ```
   */
  getSession(
    accessToken: string,
    antiCsrfToken?: string | null,
    options?: VerifyOptions,
  ): Promise<VerifiedSession<Claims>>;

  /**
   * Exchanges a refresh token for a new access token and, unless it is too young, a new refresh token (RFC 9700 4.14).
   *
   * @throws SessionError `UNAUTHORISED`: gone, expired or not ours; `TOKEN_THEFT_DETECTED`: two parties hold tokens of this session, which is now
   *   revoked; `RETRY`: another request has just rotated this token, nothing is lost
   * @example
   * ```ts
   * const { newAccessToken, newRefreshToken, newIdRefreshToken, newAntiCsrfToken } = await refreshSession(refreshToken);
   * ```
   */
  refreshSession(refreshToken: string, options?: RefreshOptions): Promise<RefreshedSession<Claims>>;

  /** Ends a session (RFC 7009). Whether there was one. */
  revokeSessionUsingSessionHandle(handle: string): Promise<boolean>;

  /**
   * Ends all sessions of a user, but for the one with the handle `except`. How many. Removes 200
   * at a time, each part in a step and with an event of its own.
   */
  revokeAllSessionsForUser(userId: UserId, options?: { readonly except?: string }): Promise<number>;

  /**
   * Ends every session of everybody and replaces all keys. How many rows were removed. Other
   * processes follow within a minute; until then they sign with the keys of before, so a user who
   * signs in there, or in these very moments, must do so again.
   */
  revokeAllSessions(): Promise<number>;

  /**
   * Handles of a user's live sessions, newest first: all of them, or with a `limit` a page and
   * the cursor of the next.
   *
   * @throws SessionError `GENERAL_ERROR` `ARGUMENT_INVALID`: the limit is not 1 to 1000, or `after`
   *   is not a cursor
   * @example
   * ```ts
   * const handles = await getAllSessionHandlesForUser("alice");
   * const page = await getAllSessionHandlesForUser("alice", { limit: 100 });
   * const second = await getAllSessionHandlesForUser("alice", { limit: 100, after: page.next });
   * ```
   */
  getAllSessionHandlesForUser(userId: UserId): Promise<string[]>;
  getAllSessionHandlesForUser(userId: UserId, page: PageOptions): Promise<HandlePage>;

  /**
   * A user's live sessions with their devices, newest first: all of them, or a page. As
   * `getAllSessionHandlesForUser`.
   */
  getSessionsForUser(userId: UserId): Promise<SessionInfo[]>;
  getSessionsForUser(userId: UserId, page: PageOptions): Promise<SessionPage>;

  /** The server-side data of a session. @throws SessionError `UNAUTHORISED` `SESSION_NOT_FOUND` */
  getSessionData(handle: string): Promise<Data>;

  /**
   * Replaces the server-side data; a function gets the old value, and runs again when another change came in between.
   * The new value.
   *
   * @throws SessionError `UNAUTHORISED` `SESSION_NOT_FOUND`; `GENERAL_ERROR` `VALUE_NOT_JSON`, `VALUE_TOO_LARGE`
   * @example
   * ```ts
   * await updateSessionData(handle, (cart) => ({ ...cart, items: cart.items + 1 }));
   * ```
   */
  updateSessionData(handle: string, update: Updater<Data>): Promise<Data>;
  updateSessionData(handle: string, value: Data): Promise<Data>;

  /** `getSessionData` under the name that the first SuperTokens library gave it. */
  getSessionInfo(handle: string): Promise<Data>;

  /** `updateSessionData` under the name that the first SuperTokens library gave it. */
  updateSessionInfo(handle: string, update: Updater<Data>): Promise<Data>;
  updateSessionInfo(handle: string, value: Data): Promise<Data>;

  /**
   * Replaces the claims. The next refresh signs them; with `blacklisting` the next `getSession` returns them with a `newAccessToken`.
   * The new value.
   *
   * @throws SessionError as `updateSessionData`, and `TOKEN_TOO_LARGE`
   */
  updateJwtPayload(handle: string, update: Updater<Claims>): Promise<Claims>;
  updateJwtPayload(handle: string, value: Claims): Promise<Claims>;

  /** Publishes the next signing key, which takes over after `keys.publishAhead`; nobody is logged out. One that is waiting already is returned. */
  rotateSigningKey(): Promise<PendingKey>;

  /** Public keys for other services that verify access tokens (RFC 7517); empty with HS256. */
  getJwks(): Promise<Jwks>;

  /**
   * Listens to an event; the function that is returned stops it. A listener that throws is reported as a process warning.
   *
   * @example
   * ```ts
   * on("reuse-detected", ({ userId, presentingDevice }) => alertSecurityTeam(userId, presentingDevice));
   * ```
   */
  on<E extends SessionEventName>(event: E, listener: SessionListener<E>): () => void;

  /**
   * Removes sessions that have expired, in small steps, until none is left or there were `limit`.
   * How many, but for those that a sweep removes which a request has begun: it is waited for first.
   * For a job after an outage, since requests begin the same now and then by themselves.
   * `npx counterfoil sweep` does it without an app.
   *
   * @throws SessionError `GENERAL_ERROR` `ARGUMENT_INVALID`: the limit is not a whole number from 1
   * @example
   * ```ts
   * const removed = await sweep({ limit: 1_000_000 });
   * ```
   */
  sweep(options?: SweepOptions): Promise<number>;

  /** Opens the store and loads the keys now rather than with the first call. After a failure the next call tries again. */
  ready(): Promise<void>;

  /**
   * Ends what was started; the process can exit. Calls that are under way go on to their end, for
   * no longer than the `timeout` of the store; those that come later fail with `CLOSED`. Safe to
   * call twice.
   *
   * @throws SessionError `STORE_UNAVAILABLE` when the store could not give back all that it opened;
   *   the instance is closed all the same
   */
  close(): Promise<void>;
}

const PAGE_OPTIONS: readonly string[] = ["limit", "after"];

const handlesOf = (sessions: readonly SessionInfo[]): string[] => sessions.map(({ handle }) => handle);

const contexts = new WeakMap<object, SessionContext>();

/** What an instance works with; for the HTTP part, which is given instances by the app. @throws TypeError for anything else */
export function contextOf(sessions: object): SessionContext {
  const context = contexts.get(sessions);
  if (context === undefined) throw new TypeError("this is not what createSessions returned");
  return context;
}

/** Puts an instance together. Does no I/O. @throws ConfigError when a secret is needed */
export function assembleSessions<Claims, Data>(policy: Policy, givenStore: SessionStore): Sessions<Claims, Data> {
  const context = createContext(policy, givenStore);
  const { events, ring } = context;
  const readData = async (handle: string): Promise<Data> =>
    JSON.parse((await loadSession(context, handle)).data) as Data;
  const writeData = (handle: string, update: Update<Data>): Promise<Data> => updateData(context, handle, update);

  async function getSessionsForUser(userId: UserId): Promise<SessionInfo[]>;
  async function getSessionsForUser(userId: UserId, page: PageOptions): Promise<SessionPage>;
  async function getSessionsForUser(userId: UserId, page?: PageOptions): Promise<SessionInfo[] | SessionPage> {
    checkKnown(page, "getSessionsForUser", PAGE_OPTIONS);
    return page === undefined ? listSessions(context, userId) : listPage(context, userId, page);
  }

  async function getAllSessionHandlesForUser(userId: UserId): Promise<string[]>;
  async function getAllSessionHandlesForUser(userId: UserId, page: PageOptions): Promise<HandlePage>;
  async function getAllSessionHandlesForUser(userId: UserId, page?: PageOptions): Promise<string[] | HandlePage> {
    checkKnown(page, "getAllSessionHandlesForUser", PAGE_OPTIONS);
    if (page === undefined) return handlesOf(await listSessions(context, userId));
    const { sessions: listed, next } = await listPage(context, userId, page);
    return { handles: handlesOf(listed), next };
  }

  const sessions: Sessions<Claims, Data> = {
    cookieNames: policy.cookie.names,
    async createNewSession(userId, jwtPayload, sessionData, options) {
      checkKnown(options, "createNewSession", ["authTime", "device"]);
      return createSession<Claims>(context, { userId, jwtPayload, sessionData, options });
    },
    async getSession(accessToken, antiCsrfToken, options) {
      checkKnown(options, "getSession", ["maxAuthAge"]);
      return verifySession(context, accessToken, antiCsrfToken, options);
    },
    async refreshSession(refreshToken, options) {
      checkKnown(options, "refreshSession", ["device"]);
      return refreshSession(context, refreshToken, options);
    },
    revokeSessionUsingSessionHandle: (handle) => revokeSession(context, handle),
    async revokeAllSessionsForUser(userId, options = {}) {
      checkKnown(options, "revokeAllSessionsForUser", ["except"]);
      return revokeSessionsOfUser(context, userId, options.except);
    },
    revokeAllSessions: () => revokeEverySession(context),
    getAllSessionHandlesForUser,
    getSessionsForUser,
    getSessionData: readData,
    updateSessionData: writeData,
    getSessionInfo: readData,
    updateSessionInfo: writeData,
    updateJwtPayload: (handle: string, update: Update<Claims>) => updateClaims(context, handle, update),
    rotateSigningKey: () =>
      context.calls.run(async () => {
        await context.ready();
        return ring.rotate();
      }),
    async getJwks() {
      await context.ready();
      // Not upkeep: anybody may ask, and a sweep rides on requests that write.
      await ring.tend();
      return toJwks(ring.published());
    },
    sweep: (options) => sweepNow(context, options),
    on: events.on,
    ready: async () => context.ready(),
    close: context.close,
  };
  contexts.set(sessions, context);
  return sessions;
}

function createContext(
  policy: Policy,
  givenStore: SessionStore,
): SessionContext & { readonly close: () => Promise<void> } {
  const now = createSteadyClock(policy.clock);
  const events = createEventHub();
  const store = watchStore(guardStore(givenStore), (notice) => refusals.tell(notice));
  const calls = createCalls(store.timeout);
  const chosen = chooseSecrets(policy.secrets, givenStore);
  let derived: Secrets | undefined;
  const secrets = (): Secrets => {
    if (derived === undefined) throw generalError("STORE_UNAVAILABLE", "the secrets have not been loaded");
    return derived;
  };

  const tell = createTell();
  const refusals = createRefusals(tell, events.emit, now);
  const startFault = otherSites(policy);
  if (startFault !== undefined) tell(startFault);

  const { accessToken, cookie, absoluteTimeout, keys } = policy;
  const keyPolicy = {
    ...keys,
    signing: accessToken.signing,
    accessValidity: accessToken.validity,
    // A client whose answers get lost goes on with one refresh token, and renews its session with it.
    longestToken: Math.max(accessToken.validity, absoluteTimeout),
  };
  const clocks = createClocks({ policy, store, now, emit: events.emit, tell: refusals.tell });
  const onRotated = (key: PendingKey): void => events.emit("key-rotated", key);
  const ring = createKeyRing({ store, secrets, policy: keyPolicy, clocks, onRotated });
  const maxLength = MAX_COOKIE_BYTES - cookie.names.access.length;
  const accessTokens = createAccessTokens(ring, { ...accessToken, maxLength });

  const realm = realmOf(accessToken);

  const upkeep = createUpkeep({ store, ring, clocks, aside: calls.aside });
  let opening: Promise<void> | undefined;
  let opened = false;
  let closing: Promise<void> | undefined;
  const endings: (() => void)[] = [];
  async function open(): Promise<void> {
    try {
      await store.prepare();
      derived = createSecrets(chosen((await store.listKeys()).length === 0));
      await ring.load();
      opened = true;
    } catch (error) {
      // Read anew by the next attempt: a file that was lost may have been put back.
      derived = undefined;
      opening = undefined;
      throw error;
    }
  }

  async function close(): Promise<void> {
    void upkeep.stop();
    const ended = calls.close();
    await opening?.catch(() => undefined);
    await ended;
    for (const work of endings) work();
    unwatch?.();
    events.clear();
    await store.close();
  }

  const unwatch = givenStore.watch?.(({ notice, isReopened }) => {
    // It has other keys: they are read before the next call signs with one.
    if (isReopened && opened) [opened, opening] = [false, undefined];
    refusals.note(notice);
  });

  return {
    policy,
    store,
    isMemory: givenStore.secretFile === null,
    ring,
    accessTokens,
    realm,
    antiCsrf: createAntiCsrfTokens(secrets, realm),
    tickets: createTickets(secrets, realm),
    revocation: createRevocationCheck(accessToken.blacklisting, store, { ...policy, hasEnded: clocks.hasEnded }),
    events,
    refusals,
    now,
    clocks,
    calls,
    oneAtATime: createOneAtATime(),
    isFirstInMinute: createFirstInMinute(now),
    ready() {
      calls.check();
      if (opened) return undefined;
      // Everybody's, and so nobody's call.
      opening ??= outsideCalls(open);
      const call = currentCall();
      return call === undefined ? opening : inTime(opening, call.deadline + GRACE, () => notOpen(call.timeout));
    },
    onClose: (work) => void endings.push(work),
    upkeep,
    close() {
      const isFirst = closing === undefined;
      closing ??= close();
      // The one that closes first hears of a fault.
      return isFirst ? closing : closing.catch(() => undefined);
    },
  };
}

/**
 * How much later than its time a call gives up on the opening of the store, whose own fault says
 * why, in ms.
 */
const GRACE = 500;

const notOpen = (timeout: number): Error =>
  generalError("STORE_UNAVAILABLE", `the session store has not opened within ${timeout} ms; sessions are untouched`);
