import { isErrorFromAuth } from "../../errors.ts";
import type { SessionContext } from "../../session/context.ts";
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
 * @param every ms between checks; undefined makes none, and then only sessions that this process
 * revokes are noticed later
 */
export function createGuard(sessions: Sessions, context: SessionContext, every: number | undefined): SocketGuard {
  const sockets = new Map<string, Set<() => void>>();

  // Whose sessions they are, as far as the store has told.
  const users = new Map<string, string>();

  // Handles that the store has to be asked about, since a socket of theirs is new, or since it is
  // not known whether they have ended.
  const unconfirmed = new Set<string>();
  let isConfirming = false;
  let checking: Promise<void> | undefined;

  function end(handle: string): void {
    const closing = sockets.get(handle) ?? [];
    sockets.delete(handle);
    users.delete(handle);
    for (const close of closing) {
      try {
        close();
      } catch (error) {
        // The app's fault, which must be seen, and must keep no other socket open.
        process.emitWarning(error instanceof Error ? error : String(error), { code: "COUNTERFOIL_LISTENER" });
      }
    }
  }

  /** @returns whether the store answered, so that others can be asked about */
  async function ask(handle: string): Promise<boolean> {
    try {
      const { userKey } = await loadSession(context, handle);
      if (sockets.has(handle)) users.set(handle, userKey);
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
    // One after another: nobody waits for it, and it must not take the pool away from requests.
    // After an outage the next check comes soon enough.
    for (const handle of Array.from(sockets.keys())) if (!(await ask(handle))) return;
  }

  async function confirmAll(): Promise<void> {
    if (isConfirming) return;
    isConfirming = true;
    // A handle that is added meanwhile comes last.
    for (const handle of unconfirmed) {
      // Before the question: a socket that is added while the store answers needs a question of its
      // own.
      unconfirmed.delete(handle);
      if (!sockets.has(handle) || (await ask(handle))) continue;
      if (sockets.has(handle)) unconfirmed.add(handle);
      break;
    }
    isConfirming = false;
  }

  // A check that takes longer than the time between two is joined, not doubled.
  const check = (): Promise<void> =>
    (checking ??= checkAll().finally(() => {
      checking = undefined;
    }));

  /** The answer to a removal got lost, and with it the names of what was removed. */
  function doubt({ userId, reason, except }: SessionEvents["session-revoked"]): void {
    if (userId === undefined) return;
    const userKey = toUserKey(userId);
    const own = [...users].flatMap(([handle, user]) => (user === userKey && handle !== except ? [handle] : []));
    // All of them were to end: a client whose session lives on comes back. At a limit few were, so
    // the store is asked.
    if (reason !== "limit") own.forEach(end);
    else for (const handle of own) unconfirmed.add(handle);
  }

  /** The store answers, so that what is open can be asked. */
  const resume = (): void => void (unconfirmed.size > 0 && confirmAll());

  const unlisten = [
    sessions.on("session-revoked", (event) => {
      event.handles.forEach(end);
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
    users.clear();
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
        users.delete(handle);
      };
    },
    check,
    stop,
  };
}
