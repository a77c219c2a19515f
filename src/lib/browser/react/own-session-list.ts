import type { DeviceCalls, OwnSession } from "../devices/device-calls.ts";
import type { SessionClient } from "../session-client.ts";

/** The user's sessions, and what a page can do with them. Another object after each change. */
export interface OwnSessions {
  /** The sessions of the pages so far, newest first. Empty while nobody is signed in. */
  readonly sessions: readonly OwnSession[];
  /** Whether the server is being asked. */
  readonly isLoading: boolean;
  /** Why the last call failed; undefined if it did not. */
  readonly error: unknown;
  /** Whether another page follows. */
  readonly hasMore: boolean;
  /** Gets the next page. */
  readonly more: () => Promise<void>;
  /** Gets the pages so far again. */
  readonly reload: () => Promise<void>;
  /** Ends a session; undefined if that failed, otherwise whether there was such a session. */
  readonly end: (handle: string) => Promise<boolean | undefined>;
  /** Ends all sessions but the current one; undefined if that failed, otherwise how many. */
  readonly endOthers: () => Promise<number | undefined>;
  /** Names a session; undefined if that failed, otherwise whether there is such a session. */
  readonly rename: (handle: string, label: string | null) => Promise<boolean | undefined>;
}

/** The list of one component, for `useSyncExternalStore`. */
export interface OwnSessionList {
  /** Loads the list while anything listens. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly read: () => OwnSessions;
}

export function createOwnSessionList(client: SessionClient, calls: DeviceCalls): OwnSessionList {
  const listeners = new Set<() => void>();
  let loading = new AbortController();
  /** The session that the list is for; undefined: none. */
  let owner: string | undefined;
  let next: string | undefined;
  let pages = 1;
  let now: OwnSessions = {
    sessions: [],
    isLoading: true,
    error: undefined,
    hasMore: false,
    more: async () => {
      if (next !== undefined) await load(pages + 1);
    },
    reload: () => load(pages),
    end: (handle) => change(() => calls.endSession(handle)),
    endOthers: () => change(() => calls.endOtherSessions()),
    rename: (handle, label) => change(() => calls.renameSession(handle, label)),
  };

  function set(part: Partial<OwnSessions>): void {
    now = { ...now, ...part, hasMore: next !== undefined };
    for (const hear of listeners) hear();
  }

  /** A newer load replaces it, so that the list is never older than the last change. */
  async function load(count: number): Promise<void> {
    loading.abort();
    if (owner === undefined) return;
    const { signal } = (loading = new AbortController());
    set({ isLoading: true });
    try {
      const sessions: OwnSession[] = [];
      let after: string | undefined;
      let got = 0;
      do {
        const page = await calls.sessions({ after, signal });
        sessions.push(...page.sessions);
        after = page.next;
        got += 1;
      } while (after !== undefined && got < count);
      if (signal.aborted) return;
      next = after;
      pages = got;
      set({ sessions, isLoading: false, error: undefined });
    } catch (error) {
      if (!signal.aborted) set({ isLoading: false, error });
    }
  }

  async function change<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await call();
      await load(pages);
      return result;
    } catch (error) {
      set({ error });
      return undefined;
    }
  }

  /** Nothing of one user is shown to the next one. */
  function follow(): void {
    const session = client.session();
    const current = session.status === "signed-in" ? session.handle : undefined;
    const isLoading = session.status !== "signed-out";
    if (current === owner && now.isLoading === isLoading) return;
    if (current === owner && current !== undefined) return;
    loading.abort();
    owner = current;
    next = undefined;
    pages = 1;
    set({ sessions: [], isLoading, error: undefined });
    void load(1);
  }

  let stop: (() => void) | undefined;
  return {
    subscribe(listener) {
      listeners.add(listener);
      if (stop === undefined) {
        stop = client.subscribe(follow);
        owner = undefined;
        follow();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = undefined;
        loading.abort();
      };
    },
    read: () => now,
  };
}
