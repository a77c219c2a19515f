import { isErrorFromAuth } from "../errors.ts";
import type { SessionContext } from "../session/context.ts";
import { loadSession } from "../session/manage-sessions.ts";
import type { Sessions } from "../session/sessions.ts";
import { endsSession } from "./outcomes.ts";

/** Closes the sockets of sessions that end. */
export interface SocketGuard {
  /** Closes a socket by `close` when its session ends. Returns what takes it back: call that when the socket has closed. */
  add(handle: string, close: () => void): () => void;
  /** Asks the store whether the sessions still live, and closes the sockets of those that don't; an outage closes none. */
  check(): Promise<void>;
  /** Forgets all sockets, and ends the timer. */
  stop(): void;
}

/** @param every ms between checks; undefined makes none, and then only sessions that this process ends are noticed */
export function createGuard(sessions: Sessions, context: SessionContext, every: number | undefined): SocketGuard {
  const sockets = new Map<string, Set<() => void>>();

  let checking: Promise<void> | undefined;

  function end(handle: string): void {
    const closing = sockets.get(handle) ?? [];
    sockets.delete(handle);
    for (const close of closing) {
      try {
        close();
      } catch (error) {
        // The app's fault, which must be seen, and must keep no other socket open.
        process.emitWarning(error instanceof Error ? error : String(error), { code: "COUNTERFOIL_LISTENER" });
      }
    }
  }

  async function checkAll(): Promise<void> {
    // One after another: nobody waits for it, and it must not take the pool away from requests.
    for (const handle of Array.from(sockets.keys())) {
      try {
        await loadSession(context, handle);
      } catch (error) {
        if (endsSession(error)) end(handle);
        else if (isErrorFromAuth(error) && error.code === "CLOSED") return stop();
        // An outage: the next check comes soon enough, and need not wait for a fault per socket.
        else return;
      }
    }
  }

  // A check that takes longer than the time between two is joined, not doubled.
  const check = (): Promise<void> =>
    (checking ??= checkAll().finally(() => {
      checking = undefined;
    }));

  const unlisten = [
    sessions.on("session-revoked", ({ handles }) => handles.forEach(end)),
    sessions.on("all-sessions-revoked", () => [...sockets.keys()].forEach(end)),
  ];
  const timer = every === undefined ? undefined : setInterval(() => void check(), every);
  timer?.unref();

  function stop(): void {
    clearInterval(timer);
    for (const off of unlisten) off();
    sockets.clear();
  }

  return {
    add(handle, close) {
      const closing = sockets.get(handle) ?? new Set();
      sockets.set(handle, closing.add(close));
      return () => {
        closing.delete(close);
        if (closing.size === 0 && sockets.get(handle) === closing) sockets.delete(handle);
      };
    },
    check,
    stop,
  };
}
