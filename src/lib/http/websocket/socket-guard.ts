import { isErrorFromAuth } from "../../errors.ts";
import type { SessionContext } from "../../session/context.ts";
import type { SessionRecord } from "../../session/record.ts";
import type { SessionEvents } from "../../session/events.ts";
import { loadSession } from "../../session/manage-sessions.ts";
import type { Sessions } from "../../session/sessions.ts";
import { toUserKey } from "../../session/user-id.ts";
import { endsSession } from "../outcomes.ts";

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
   * Asks the store about every session, and closes the sockets of sessions that have ended. If the
   * store does not answer, all sockets stay open.
   */
  check(): Promise<void>;
  /** Forgets all sockets and stops the timer. */
  stop(): void;
}

/**
 * @param every ms between checks; undefined means no checks, so that the guard only notices
 * sessions which this process revokes
 */
export function createGuard(sessions: Sessions, context: SessionContext, every: number | undefined): SocketGuard {
  const sockets = new Map<string, Set<() => void>>();

  // The user and the actor of each session, if the store has told.
  const rows = new Map<string, Pick<SessionRecord, "userKey" | "actorKey" | "actorHandle">>();

  // By the handle of an actor's own session: the sessions that end with it.
  const dependents = new Map<string, Set<string>>();

  // Handles to check in the store: their socket is new, or their revocation is uncertain.
  const unconfirmed = new Set<string>();
  let isConfirming = false;
  let checking: Promise<void> | undefined;

  function end(handle: string): void {
    const closing = sockets.get(handle) ?? [];
    sockets.delete(handle);
    forget(handle);
    for (const close of closing) {
      try {
        close();
      } catch (error) {
        // An error of the app must be visible, but must not keep other sockets open.
        process.emitWarning(error instanceof Error ? error : String(error), { code: "COUNTERFOIL_LISTENER" });
      }
    }
  }

  function learn(handle: string, { userKey, actorKey, actorHandle }: SessionRecord): void {
    rows.set(handle, { userKey, actorKey, actorHandle });
    if (actorHandle !== null) dependents.set(actorHandle, (dependents.get(actorHandle) ?? new Set()).add(handle));
  }

  function forget(handle: string): void {
    const actorHandle = rows.get(handle)?.actorHandle ?? "";
    rows.delete(handle);
    const others = dependents.get(actorHandle);
    others?.delete(handle);
    if (others?.size === 0) dependents.delete(actorHandle);
  }

  /** Sessions have been revoked, and those of the actors among them end, too. */
  function endAll(handles: readonly string[]): void {
    for (const handle of handles) {
      end(handle);
      for (const dependent of dependents.get(handle) ?? []) end(dependent);
    }
  }

  /** @returns whether the store responded, so that the next check makes sense */
  async function ask(handle: string): Promise<boolean> {
    try {
      const row = await loadSession(context, handle);
      if (sockets.has(handle)) learn(handle, row);
      return true;
    } catch (error) {
      if (endsSession(error)) {
        end(handle);
        return true;
      }
      if (isErrorFromAuth(error) && error.code === "CLOSED") stop();
      return false;
    }
  }

  async function checkAll(): Promise<void> {
    // One after another, so that requests keep the pool. After an outage the next check comes soon
    // enough.
    for (const handle of Array.from(sockets.keys())) if (!(await ask(handle))) return;
  }

  async function confirmAll(): Promise<void> {
    if (isConfirming) return;
    isConfirming = true;
    // A handle that is added meanwhile comes last.
    for (const handle of unconfirmed) {
      // Removed first: a socket that is added during the check needs its own check.
      unconfirmed.delete(handle);
      if (!sockets.has(handle) || (await ask(handle))) continue;
      if (sockets.has(handle)) unconfirmed.add(handle);
      break;
    }
    isConfirming = false;
  }

  // A check that outlasts the interval is shared, not doubled.
  const check = (): Promise<void> =>
    (checking ??= checkAll().finally(() => {
      checking = undefined;
    }));

  /** The response to a revocation was lost, and with it the names of the sessions. */
  function doubt({ userId, reason, except }: SessionEvents["session-revoked"]): void {
    if (userId === undefined) return;
    const userKey = toUserKey(userId);
    const own = [...rows].flatMap(([handle, row]) => {
      const isOwn = row.userKey === userKey && handle !== except;
      const isActed = row.actorKey === userKey && row.actorHandle !== except;
      return isOwn || isActed ? [handle] : [];
    });
    // All were to be revoked, and a client whose session still exists reconnects. A limit removes
    // few sessions, so the store is asked.
    if (reason !== "limit") own.forEach(end);
    else for (const handle of own) unconfirmed.add(handle);
  }

  /** The store responds again, so the open checks run. */
  const resume = (): void => void (unconfirmed.size > 0 && confirmAll());

  const unlisten = [
    sessions.on("session-revoked", (event) => {
      endAll(event.handles);
      if (event.unknown === true && event.handles.length === 0) doubt(event);
    }),
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
    rows.clear();
    dependents.clear();
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
        if (closing.size > 0 || sockets.get(handle) !== closing) return;
        sockets.delete(handle);
        forget(handle);
      };
    },
    check,
    stop,
  };
}
