import { isLater } from "../awaitable.ts";
import type { Policy } from "../policy.ts";
import { toJwks } from "../key/jwks.ts";
import { createNotify, type Notice } from "../notices.ts";
import type { SessionStore } from "./session-store.ts";
import type { SessionContext } from "./context.ts";
import { joinTransaction, type TransactionOptions } from "./app-transaction.ts";
import { createSession } from "./create-session.ts";
import { forgetUser } from "./forget-user.ts";
import { checkKnown } from "./known-options.ts";
import {
  loadSession,
  renameSession,
  revokeEverySession,
  revokeSession,
  revokeSessionsOfUser,
  type Update,
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
import { type AuditOptions, readAudit } from "./read-audit.ts";
import { reauthenticate } from "./reauthenticate.ts";
import { refreshSession } from "./refresh-session.ts";
import { sweepNow } from "./sweep-now.ts";
import { toUserKey, type UserId } from "./user-id.ts";
import { verifySession } from "./verify-session.ts";
import type { Sessions, SessionsInTransaction } from "./sessions.ts";
import { createContext } from "./create-context.ts";

const PAGE_OPTIONS: readonly string[] = ["limit", "after"];
const CREATE_OPTIONS: readonly string[] = ["actor", "amr", "authTime", "device", "persistent"];
const REVOKE_OPTIONS: readonly string[] = ["except"];

/** Notified outside production, once per instance. */
const SKIPPED_BY_ACCIDENT: Notice = {
  code: "COUNTERFOIL_ANTI_CSRF",
  write: () =>
    'getSession was called with undefined as the anti-CSRF token, which skips the check. Where the header is absent from a request that changes something, that lets another site\'s request through: write getSession(accessToken, antiCsrfToken, { antiCsrf: "required" }) there, and null where the check is left out on purpose.',
};

const handlesOf = (sessions: readonly SessionInfo[]): string[] => sessions.map(({ handle }) => handle);

const contexts = new WeakMap<object, SessionContext>();

/**
 * The context of an instance that the app gives to the HTTP part.
 * @throws TypeError for anything else
 */
export function contextOf(sessions: object): SessionContext {
  const context = contexts.get(sessions);
  if (context === undefined) throw new TypeError("this is not what createSessions returned");
  return context;
}

/** Assembles an instance. Does no I/O. @throws ConfigError when a secret is needed */
export function assembleSessions(policy: Policy, givenStore: SessionStore): Sessions {
  const context = createContext(policy, givenStore);
  const { events, ring } = context;
  const notify = createNotify();
  const readData = async (handle: string): Promise<unknown> => JSON.parse((await loadSession(context, handle)).data);
  const writeData = (handle: string, update: Update<unknown>): Promise<unknown> => updateData(context, handle, update);

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

  const sessions: Sessions = {
    cookieNames: policy.cookie.names,
    async createNewSession(userId, jwtPayload, sessionData, options) {
      checkKnown(options, "createNewSession", CREATE_OPTIONS);
      return createSession(context, { userId, jwtPayload, sessionData, options });
    },
    async getSession(...given) {
      const [accessToken, antiCsrfToken, options] = given;
      checkKnown(options, "getSession", ["antiCsrf", "maxAuthAge", "refuseActor", "claims", "requireAmr"]);
      // An omitted argument differs from a header whose value is undefined.
      if (given.length > 1 && antiCsrfToken === undefined && options?.antiCsrf === undefined && policy.antiCsrf)
        notify(SKIPPED_BY_ACCIDENT);
      const verified = verifySession(context, accessToken, antiCsrfToken, options);
      // Awaiting a value that is already there costs as much as verifying the token.
      const { session, newAccessToken } = isLater(verified) ? await verified : verified;
      return newAccessToken === undefined ? { session } : { session, newAccessToken };
    },
    async refreshSession(refreshToken, options) {
      checkKnown(options, "refreshSession", ["device"]);
      return context.calls.run(refreshSession, context, refreshToken, options);
    },
    revokeSessionUsingSessionHandle: (handle) => revokeSession(context, handle),
    async revokeAllSessionsForUser(userId, options = {}) {
      checkKnown(options, "revokeAllSessionsForUser", REVOKE_OPTIONS);
      return revokeSessionsOfUser(context, userId, options.except);
    },
    forgetUser: (userId) => forgetUser(context, userId),
    revokeAllSessions: () => revokeEverySession(context),
    getAllSessionHandlesForUser,
    getSessionsForUser,
    getSessionData: readData,
    updateSessionData: writeData,
    async reauthenticate(handle, options) {
      checkKnown(options, "reauthenticate", ["amr", "authTime", "refreshToken"]);
      return reauthenticate(context, handle, options);
    },
    renameSession: (handle, label) => renameSession(context, handle, label),
    getSessionInfo: readData,
    updateSessionInfo: writeData,
    updateJwtPayload: (handle: string, update: Update<unknown>) => updateClaims(context, handle, update),
    in: (options) => assembleTransaction(context, options),
    async getAuditForUser(userId, page) {
      checkKnown(page, "getAuditForUser", PAGE_OPTIONS);
      const { limit, after } = Object(page) as PageOptions;
      return readAudit(context, toUserKey(userId), { limit, after });
    },
    async getAudit(options) {
      checkKnown(options, "getAudit", [...PAGE_OPTIONS, "from", "until"]);
      return readAudit(context, undefined, Object(options) as AuditOptions);
    },
    rotateSigningKey: () =>
      context.calls.run(async () => {
        await context.ready();
        return ring.rotate();
      }),
    async getJwks() {
      await context.ready();
      // Only the keys, without the sweep: anybody may request them, and a sweep belongs to a write.
      await ring.tend();
      return toJwks(ring.published());
    },
    sweep: (options) => sweepNow(context, options),
    on: events.on,
    stats: context.stats,
    observeStore: context.observers.add,
    ready: async () => context.ready(),
    close: context.close,
  };
  contexts.set(sessions, context);
  return sessions;
}

function assembleTransaction(context: SessionContext, options: TransactionOptions): SessionsInTransaction {
  const { run, done } = joinTransaction(context, options);
  return {
    createNewSession: (userId, jwtPayload, sessionData, details) =>
      run(async (inner) => {
        checkKnown(details, "createNewSession", CREATE_OPTIONS);
        return createSession(inner, { userId, jwtPayload, sessionData, options: details });
      }),
    revokeSessionUsingSessionHandle: (handle) => run((inner) => revokeSession(inner, handle)),
    revokeAllSessionsForUser: (userId, which = {}) =>
      run(async (inner) => {
        checkKnown(which, "revokeAllSessionsForUser", REVOKE_OPTIONS);
        return revokeSessionsOfUser(inner, userId, which.except);
      }),
    updateJwtPayload: (handle: string, update: Update<unknown>) => run((inner) => updateClaims(inner, handle, update)),
    updateSessionData: (handle: string, update: Update<unknown>) => run((inner) => updateData(inner, handle, update)),
    done,
  };
}
