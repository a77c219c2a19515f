import { pauseCall, restartCall } from "../call.ts";
import { generalError, unauthorised } from "../errors.ts";
import { type Actor, actorField, withActor } from "./actor.ts";
import { findActorSession } from "./actor-session.ts";
import { namesOfClaims } from "./audit.ts";
import { changedMembers } from "./changed-members.ts";
import { isHandle } from "./handle.ts";
import { endedEntries } from "./journals.ts";
import { reportRevoked } from "./report-revoked.ts";
import { isUnknown, asPartlyDone } from "./guarded-store.ts";
import type { SessionContext } from "./context.ts";
import type { SessionEvents } from "./events.ts";
import { toJson } from "./json-value.ts";
import { toLabel } from "./device.ts";
import { sessionEnd, type SessionRecord, storedDevice } from "./record.ts";
import type { FoundSession } from "./session-store.ts";
import { mintAccessToken } from "./tokens.ts";
import { MOST_ATTEMPTS, untilWon } from "./lost-races.ts";
import { fromUserKey, toUserKey, type UserId } from "./user-id.ts";

/**
 * Makes the new value from the old one. It runs again if another request changed the session
 * meanwhile.
 */
export type Updater<T> = (old: T) => T | Promise<T>;

/** A new value, or a function that makes it. */
export type Update<T> = T | Updater<T>;

const SWEEP_CHUNK = 200;
const REMOVE_CHUNK = 200;

export type RevokeReason = SessionEvents["session-revoked"]["reason"];

export async function revokeSession(
  context: SessionContext,
  handle: string,
  event: { readonly reason: RevokeReason; readonly userId?: UserId; readonly actor?: Actor } = { reason: "revoked" },
): Promise<boolean> {
  checkHandle(handle);
  return context.calls.run(async () => {
    await context.ready();
    const existed = await context.journals
      .during(
        (journal) => context.store.deleteSession(handle, journal),
        () => endedEntries([handle]),
        context.audit.note("session-revoked", () => ({ reason: event.reason, ...withActor(event.actor) })),
      )
      .catch((error: unknown) => {
        if (isUnknown(error)) {
          if (isHandle(handle)) context.journals.doubt(endedEntries([handle]));
          reportRevoked(context, { handles: [handle], ...event, unknown: true });
        }
        throw error;
      });
    if (existed) reportRevoked(context, { handles: [handle], ...event });
    return existed;
  });
}

export async function revokeSessionsOfUser(
  context: SessionContext,
  userId: UserId,
  given: string | undefined,
): Promise<number> {
  const userKey = toUserKey(userId);
  if (given !== undefined) checkHandle(given);
  // Any other text spares nobody, and does not fit into the log of every store.
  const except = given !== undefined && isHandle(given) ? given : undefined;
  const event = { userId, reason: "revoked" } as const;
  return context.calls.run(async () => {
    await context.ready();
    let removed = 0;
    for (;;) {
      const handles = await context.journals
        .during(
          (journal) => context.store.deleteSessionsOfUser(userKey, except, REMOVE_CHUNK, journal),
          () => [{ kind: "user", userKey, except: except ?? null }],
          context.audit.note("session-revoked", () => ({ reason: event.reason })),
        )
        .catch((error: unknown) => {
          const spared = except === undefined ? {} : { except };
          // The lost response would have named the sessions.
          if (isUnknown(error)) {
            context.journals.doubt([{ kind: "user", userKey, except: except ?? null }]);
            reportRevoked(context, { handles: [], ...event, ...spared, unknown: true });
          }
          throw removed > 0 ? asPartlyDone(error) : error;
        });
      removed += handles.length;
      // Reported after each step, so that an error in a later step hides nothing.
      if (handles.length > 0) reportRevoked(context, { handles, ...event });
      if (handles.length < REMOVE_CHUNK) return removed;
      restartCall();
    }
  });
}

export async function revokeEverySession(context: SessionContext): Promise<number> {
  let removed = 0;
  let isBegun = false;
  return context.calls.run(async () => {
    await context.ready();
    try {
      // The keys first: without them no earlier token is valid. The rows are then only a list.
      await context.ring.replaceAll(() => {
        isBegun = true;
      });
      await context.journals.append({ kind: "all" });
      await context.audit.append("all-sessions-revoked", () => ({}));
      for (;;) {
        const count = await context.store.deleteExpiredSessions(Number.MAX_SAFE_INTEGER, SWEEP_CHUNK);
        removed += count;
        if (count < SWEEP_CHUNK) break;
        restartCall();
      }
      // A row that was read before its removal may have spared a token.
      await context.journals.append({ kind: "all" });
    } catch (error) {
      if (!isBegun) throw error;
      context.events.emit("all-sessions-revoked", { removed, unknown: true });
      throw asPartlyDone(error);
    }
    context.events.emit("all-sessions-revoked", { removed });
    return removed;
  });
}

/** @returns the live row; undefined if there is none. @throws SessionError `CLOCKS_DISAGREE` */
export async function findLiveSession(context: SessionContext, handle: string): Promise<FoundSession | undefined> {
  checkHandle(handle);
  const { store, clocks, policy } = context;
  return context.calls.run(async () => {
    await context.ready();
    const record = await store.findSession(handle);
    if (record === undefined || clocks.hasEnded(sessionEnd(record, policy), record.storeTime)) return undefined;
    if (record.actorHandle === null) return record;
    return (await findActorSession(context, record.actorHandle)) === undefined ? undefined : record;
  });
}

/** @returns the live row. @throws SessionError `SESSION_NOT_FOUND`, `CLOCKS_DISAGREE` */
export async function loadSession(context: SessionContext, handle: string): Promise<FoundSession> {
  const record = await findLiveSession(context, handle);
  if (record !== undefined) return record;
  throw unauthorised("SESSION_NOT_FOUND", "there is no live session with this handle");
}

export async function updateData(context: SessionContext, handle: string, update: Update<unknown>): Promise<unknown> {
  const { value } = await changeSession(context, handle, async (record) => {
    const changed = await apply(update, record.data);
    const isDone = await context.store.replaceData(handle, record.version, toJson(changed, "sessionData"));
    return isDone ? { value: changed } : undefined;
  });
  return value;
}

export async function updateClaims(context: SessionContext, handle: string, update: Update<unknown>): Promise<unknown> {
  const { value } = await changeClaims(context, handle, update);
  return value;
}

/**
 * Replaces the claims.
 *
 * @param known a recent copy of the row; read again if the row has changed since
 */
export async function changeClaims(
  context: SessionContext,
  handle: string,
  update: Update<unknown>,
  known?: SessionRecord,
): Promise<Changed> {
  const attempt = async (record: SessionRecord): Promise<Changed | undefined> => {
    const value = await apply(update, record.claims);
    const changed = { ...record, claims: toJson(value, "jwtPayload"), claimsVersion: record.claimsVersion + 1 };
    // Claims that fit no cookie would end the session at its next refresh.
    mintAccessToken(context, changed, context.now());
    const { claimsVersion } = changed;
    const isNew = changed.claims !== record.claims;
    const isDone = await context.journals.during(
      (journal) => context.store.replaceClaims(handle, record.version, changed.claims, journal),
      (done) => (done ? [{ kind: "claims", handle, claimsVersion }] : []),
      isNew ? context.audit.note("claims-changed", () => factsOfClaims(record, changed.claims)) : undefined,
    );
    if (!isDone) return undefined;
    context.journals.changed(handle, claimsVersion);
    reportClaims(context, record, changed.claims);
    return { value, record: changed };
  };
  const isUsable = known !== undefined && context.now() < sessionEnd(known, context.policy);
  return changeSession(context, handle, attempt, isUsable ? known : undefined);
}

/** @returns the label as it is kept. @throws SessionError */
export async function renameSession(context: SessionContext, handle: string, label: unknown): Promise<string | null> {
  const wanted = label === null ? null : toLabel(label);
  const { kept } = await changeSession(context, handle, async (record) => {
    // Null would bring back the label of a row of earlier code.
    const none = storedDevice({ ...record, label: null }).label === undefined ? null : "";
    if (!(await context.store.replaceLabel(handle, record.version, wanted ?? none))) return undefined;
    const facts = (): object => ({ label: wanted, ...actorField(record) });
    await context.audit.appendAfter("session-renamed", facts, record);
    return { kept: wanted };
  });
  return kept;
}

function reportClaims({ events }: SessionContext, before: SessionRecord, json: string): void {
  if (json === before.claims) return;
  const claims: unknown = JSON.parse(json);
  events.emit("claims-changed", {
    handle: before.handle,
    userId: fromUserKey(before.userKey),
    ...actorField(before),
    claims,
    changed: changedMembers(JSON.parse(before.claims), claims),
  });
}

function factsOfClaims(before: SessionRecord, json: string): object {
  const names = changedMembers(JSON.parse(before.claims), JSON.parse(json));
  return { ...namesOfClaims(names), ...actorField(before) };
}

async function apply(update: Update<unknown>, json: string): Promise<unknown> {
  // JSON has no functions, so a function is always the function form.
  return typeof update === "function" ? pauseCall(() => (update as Updater<unknown>)(JSON.parse(json))) : update;
}

/** @param attempt undefined if another request changed the row meanwhile */
export function changeSession<C extends object>(
  context: SessionContext,
  handle: string,
  attempt: (record: SessionRecord) => Promise<C | undefined>,
  known?: SessionRecord,
): Promise<C> {
  let row = known;
  const attemptOnce = async (): Promise<C | undefined> => {
    const record = row ?? (await loadSession(context, handle));
    row = undefined;
    return attempt(record);
  };
  return context.calls.run(untilWon<C>, attemptOnce, context.isInTransaction ? 1 : MOST_ATTEMPTS);
}

interface Changed {
  readonly value: unknown;
  readonly record: SessionRecord;
}

function checkHandle(handle: unknown): void {
  if (typeof handle === "string" && handle.length <= 256) return;
  throw generalError(
    "ARGUMENT_INVALID",
    "the session handle is not a string of at most 256 characters; give session.handle",
  );
}
