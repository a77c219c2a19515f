import { isErrorFromAuth } from "../errors.ts";
import { actorOf } from "../session/actor.ts";
import type { SessionContext } from "../session/context.ts";
import type { SessionEvents } from "../session/events.ts";
import { loadSession } from "../session/manage-sessions.ts";
import { sessionEnd } from "../session/record.ts";
import type { FoundSession } from "../session/session-store.ts";
import type { Sessions } from "../session/sessions.ts";
import { fromUserKey, toUserKey, type UserId } from "../session/user-id.ts";
import { endsSession, hasCode } from "./outcomes.ts";

/** Closes the sockets of sessions that end. */
export interface SocketGuard {
  /**
   * Watches a socket. The guard asks the store once whether the session still lives, because it may
   * have been revoked since its token was made. If the store does not answer, the socket stays
   * open, and the next `add` or `check` asks again.
   *
   * @param handle the session of the socket
   * @param close closes the socket, which must be open by now. It never runs before `add` has
   *   returned
   * @returns a function that removes the socket; call it when the socket has closed
   */
  add(handle: string, close: () => void): () => void;
  /**
   * Closes the sockets of sessions that have ended. With `revocation: "feed"` it reads the log of
   * revocations, and asks the store only about sessions that may have expired and those in which
   * somebody acts for a user. Otherwise it asks the store about every session. If the store does
   * not answer, all sockets stay open.
   */
  check(): Promise<void>;
  /** Forgets all sockets and stops the timer. */
  stop(): void;
}

type JudgedToken = Parameters<NonNullable<SessionContext["feed"]>["judge"]>[0];

/** What the store has told of the session of a socket. */
interface Known extends JudgedToken {
  readonly userKey: string;
  /** The user who acts in the session; undefined: its own. */
  readonly actorKey: string | undefined;
  /** When the session ends unless it is refreshed, in ms since the epoch. */
  readonly end: number;
  /** The version of the log that was known before the row was read. */
  readonly passedAt: number | undefined;
}

/**
 * @param every ms between checks; undefined means no checks, so that the guard only notices
 * sessions which this process revokes, and with a feed those that the log tells of
 */
export function createGuard(sessions: Sessions, context: SessionContext, every: number | undefined): SocketGuard {
  const { feed, clocks, policy } = context;
  const sockets = new Map<string, Set<() => void>>();

  // Of each session, if the store has told.
  const known = new Map<string, Known>();

  // The sessions in which somebody acts, by the actor's own.
  const acting = new Map<string, Set<string>>();

  // Handles to check in the store: their socket is new, or their revocation is uncertain.
  const unconfirmed = new Set<string>();
  // Handles that the store is being asked about.
  const asking = new Set<string>();
  let isConfirming = false;
  let checking: Promise<void> | undefined;

  function forget(handle: string): void {
    const actorHandle = known.get(handle)?.actor?.handle;
    sockets.delete(handle);
    known.delete(handle);
    unconfirmed.delete(handle);
    if (actorHandle === undefined) return;
    acting.get(actorHandle)?.delete(handle);
    if (acting.get(actorHandle)?.size === 0) acting.delete(actorHandle);
  }

  function end(handle: string): void {
    const closing = sockets.get(handle) ?? [];
    forget(handle);
    for (const close of closing) {
      try {
        close();
      } catch (error) {
        // An error of the app must be visible, but must not keep other sockets open.
        process.emitWarning(error instanceof Error ? error : String(error), { code: "COUNTERFOIL_LISTENER" });
      }
    }
    // A session in which somebody acts for a user ends with the actor's own.
    for (const other of acting.get(handle) ?? []) end(other);
  }

  function note(row: FoundSession, log: Pick<Known, "sparedEpochs" | "passedAt">): void {
    const { handle, userKey, actorKey, createdAt } = row;
    if (!sockets.has(handle)) return;
    const actor = actorOf(row);
    known.set(handle, {
      handle,
      userId: fromUserKey(userKey),
      userKey,
      actor,
      actorKey: actorKey ?? undefined,
      // Of the log only the ends matter.
      claimsVersion: Number.POSITIVE_INFINITY,
      expires: createdAt,
      lifetime: 0,
      ...log,
      end: sessionEnd(row, policy),
    });
    if (actor !== undefined) acting.set(actor.handle, (acting.get(actor.handle) ?? new Set()).add(handle));
  }

  /** @returns whether the store responded, so that the next check makes sense */
  async function ask(handle: string): Promise<boolean> {
    // Removed first: a socket that is added during the check needs its own check.
    unconfirmed.delete(handle);
    asking.add(handle);
    try {
      // What is known before the row is read, and does not end it, does not concern it.
      const log = { sparedEpochs: feed?.epochs(), passedAt: feed?.version() };
      note(await loadSession(context, handle), log);
      return true;
    } catch (error) {
      if (endsSession(error)) {
        end(handle);
        return true;
      }
      if (isErrorFromAuth(error) && error.code === "CLOSED") stop();
      // It concerns this session alone, which the next check asks about.
      if (hasCode(error, "CLOCKS_DISAGREE")) return true;
      if (sockets.has(handle)) unconfirmed.add(handle);
      return false;
    } finally {
      asking.delete(handle);
    }
  }

  /** Ends a session that the log ends. @returns whether the store must be asked */
  function isDoubtful(handle: string): boolean {
    const facts = known.get(handle);
    if (facts === undefined || feed === undefined) return true;
    if (facts.passedAt === feed.version()) return false;
    const verdict = feed.judge(facts);
    if (verdict === "ended") end(handle);
    return verdict === "ask";
  }

  const mayHaveExpired = ({ end: at, actor }: Known): boolean => actor !== undefined || clocks.later() >= at;

  async function checkAll(): Promise<void> {
    if (sockets.size === 0) return;
    // Where the log cannot be read, or is too long, the store is asked.
    const isRead = feed !== undefined && (await feed.read());
    // One after another, so that requests keep the pool. After an outage the next check comes soon
    // enough.
    for (const handle of Array.from(sockets.keys())) {
      if (!sockets.has(handle)) continue;
      const facts = known.get(handle);
      const isCurrent = isRead && !isDoubtful(handle) && !unconfirmed.has(handle);
      if (isCurrent && !(facts !== undefined && mayHaveExpired(facts))) continue;
      if (sockets.has(handle) && !(await ask(handle))) return;
    }
  }

  async function confirmAll(): Promise<void> {
    if (isConfirming) return;
    isConfirming = true;
    // A handle that is added meanwhile comes last.
    for (const handle of unconfirmed) if (!(await ask(handle))) break;
    isConfirming = false;
  }

  // A check that outlasts the interval is shared, not doubled.
  const check = (): Promise<void> =>
    (checking ??= checkAll().finally(() => {
      checking = undefined;
    }));

  /** The store responds again, so the open checks run. */
  const resume = (): void => void (unconfirmed.size > 0 && confirmAll());

  /** An answer that is on its way may be older than an end that was heard of. */
  function askAgain(): void {
    const early = [...asking].filter((handle) => sockets.has(handle) && !known.has(handle));
    for (const handle of early) unconfirmed.add(handle);
    if (early.length > 0) void confirmAll();
  }

  /** The response to a revocation was lost, and with it the names of the sessions. */
  function doubt({ userId, reason, except }: SessionEvents["session-revoked"]): void {
    if (userId === undefined) return;
    const own = handlesOf(userId, except);
    // All were to be revoked, and a client whose session still exists reconnects. A limit removes
    // few sessions, so the store is asked.
    if (reason !== "limit") own.forEach(end);
    else for (const handle of own) unconfirmed.add(handle);
  }

  /** The sessions of a user, and those in which that user acts for others. */
  function handlesOf(userId: UserId, except: string | undefined): readonly string[] {
    const userKey = toUserKey(userId);
    return [...known.values()].flatMap(({ handle, userKey: user, actorKey, actor }) =>
      (user === userKey && handle !== except) || (actorKey === userKey && actor?.handle !== except) ? [handle] : [],
    );
  }

  /** Other processes ended sessions; a session that began later is none of them. */
  function hear({ handles, userId, except, everybody }: SessionEvents["session-ended-elsewhere"]): void {
    handles.forEach(end);
    const named = userId === undefined ? [] : handlesOf(userId, except);
    for (const handle of everybody === true ? [...known.keys()] : named)
      if (sockets.has(handle) && isDoubtful(handle)) unconfirmed.add(handle);
    askAgain();
    resume();
  }

  const unlisten = [
    sessions.on("session-revoked", (event) => {
      event.handles.forEach(end);
      if (event.unknown === true && event.handles.length === 0) doubt(event);
      askAgain();
    }),
    sessions.on("session-ended-elsewhere", hear),
    sessions.on("session-created", resume),
    sessions.on("session-refreshed", resume),
    sessions.on("all-sessions-revoked", () => [...sockets.keys()].forEach(end)),
  ];
  const timer = every === undefined ? undefined : setInterval(() => void check(), every);
  timer?.unref();

  function stop(): void {
    clearInterval(timer);
    for (const off of unlisten) off();
    sockets.clear();
    known.clear();
    acting.clear();
    unconfirmed.clear();
  }

  return {
    add(handle, close) {
      const closing = sockets.get(handle) ?? new Set();
      sockets.set(handle, closing.add(close));
      unconfirmed.add(handle);
      void confirmAll();
      return () => {
        closing.delete(close);
        if (closing.size === 0 && sockets.get(handle) === closing) forget(handle);
      };
    },
    check,
    stop,
  };
}
