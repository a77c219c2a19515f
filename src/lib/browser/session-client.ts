import { NO_SESSION, SESSION_HEADER } from "../../protocol.ts";
import { listen } from "./listen.ts";
import { readOptions, type SessionClientOptions } from "./client-options.ts";
import { interceptFetch, type Interception } from "./intercept-fetch.ts";
import { createSessionCalls, type SessionCalls } from "./session-calls.ts";
import type { EmitEvent, SessionClientEvents, SessionState } from "./session-events.ts";
import { sessionFetch, type SessionResponse } from "./session-fetch.ts";
import { withLock } from "./session-lock.ts";
import { createSessionRefresh } from "./session-refresh.ts";
import { createSessionState } from "./session-state.ts";

/** The browser's half of a session. `Claims` is the app's word for the type of its `jwtPayload`. */
export interface SessionClient<Claims = unknown> extends SessionCalls {
  /**
   * `fetch` for the API: sends the anti-CSRF token along, refreshes an access token that has expired, and sends a request that was refused for it
   * once more. Requests to other origins, and with `credentials: "omit"`, go out as they are. Needs no `this`.
   *
   * @throws SessionClientError `REFRESH_FAILED`, `REFRESH_TIMEOUT`, `REFRESH_UNREACHABLE` when the token is known to have expired and cannot be
   * refreshed now; `USER_CHANGED` when somebody else has signed in since. Where the server has
   * answered, that answer comes back instead, with the error as its `sessionError`; so does
   * `BODY_NOT_REPLAYABLE`
   */
  fetch(this: void, input: RequestInfo | URL, init?: RequestInit): Promise<SessionResponse>;
  /**
   * A `fetch` that signs in. Waits for a refresh that any tab has under way, so that its late cookies cannot lie over the new ones.
   */
  signIn(input: RequestInfo | URL, init?: RequestInit): Promise<SessionResponse>;
  /** Who is signed in. The same object until something changes. */
  session(): SessionState<Claims>;
  /**
   * Asks the server for new tokens now, also where the page knows of no session. What `session()` says then.
   *
   * @throws SessionClientError `REFRESH_FAILED`, `REFRESH_TIMEOUT`, `REFRESH_UNREACHABLE`, `COOKIES_BLOCKED`
   */
  refresh(): Promise<SessionState<Claims>>;
  /**
   * Signs out: the session is forgotten here and in all tabs at once, whatever the server answers.
   * If the server has not said that it is over, it is told again when the browser is online again
   * or the next page is loaded.
   *
   * @returns whether the server has said so; the 200 of a captive portal does not count
   */
  signOut(): Promise<boolean>;
  /** Listens; the result stops it. */
  on<Name extends keyof SessionClientEvents>(
    event: Name,
    listener: (detail: SessionClientEvents<Claims>[Name]) => void,
  ): () => void;
  /** Calls after each change of `session()`; the result stops it. */
  subscribe(this: void, listener: () => void): () => void;
  /** Lets all `fetch` calls of the page go through this client; the result puts the very same function back. */
  intercept(): () => void;
  /** Ends what the client does by itself: it hears no other tab, tries nothing again, and intercepts nothing. Its own calls still work. */
  dispose(): void;
}

/**
 * Makes the client. Nothing global is touched.
 *
 * @throws SessionClientError `OPTIONS_INVALID`
 *
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 *
 * const client = createSessionClient();
 * await client.signIn("/login", { method: "POST", body: new FormData(form) });
 * const answer = await client.fetch("/api/like", { method: "POST" });
 * ```
 */
export function createSessionClient<Claims = unknown>(
  options: SessionClientOptions<Claims> = {},
): SessionClient<Claims> {
  const settings = readOptions(options);
  const target = new EventTarget();
  const emit: EmitEvent = (event, detail) => target.dispatchEvent(new CustomEvent(event, { detail }));
  let interception: Interception | undefined;
  const send: typeof fetch = (input, init) => (interception?.original ?? globalThis.fetch)(input, init);
  const ending = new AbortController();
  const life = ending.signal;
  // A server has no page, and one client for all who ask: it must not learn who they are, nor keep the process alive.
  if (!globalThis.location) ending.abort();
  const state = createSessionState(settings, emit, life);
  const refresh = createSessionRefresh(settings, state, emit, { send, life });
  const calls = createSessionCalls(settings, state, refresh);

  async function alone<T>(call: () => Promise<T>): Promise<T> {
    await refresh.flight;
    return withLock(settings.name, settings.lockTimeout, call);
  }

  async function tellSignOut(): Promise<boolean> {
    const isMeant = state.isUnsent();
    // Its cookies are gone: a server has said so to this tab or another, or somebody else has
    // signed in.
    const isGone = (): boolean => isMeant && !state.isUnsent();
    // For the wait before it, too.
    const signal = AbortSignal.timeout(2 * settings.refreshTimeout);
    try {
      return await alone(async () => {
        if (isGone()) return true;
        const answer = await send(settings.signOutUrl, { ...settings.routeCall, keepalive: true, signal });
        const isOver = answer.headers.get(SESSION_HEADER) === NO_SESSION || settings.isRefused(answer) || isGone();
        if (isOver) state.setSent();
        return isOver;
      });
    } catch {
      return false;
    }
  }

  function restore(): void {
    interception?.undo();
    interception = undefined;
  }

  function wake(): void {
    if (globalThis.document?.visibilityState === "hidden") return;
    state.sync();
    if (state.isUnsent()) void tellSignOut();
    refresh.wake();
  }

  const signInCalls: SessionCalls = { ...calls, prepare: (call) => calls.prepare({ ...call, isSignIn: true }) };
  const callApi: typeof fetch = (input, init) => sessionFetch(calls, send, input, init);

  const client: SessionClient<Claims> = {
    ...calls,
    fetch: callApi,
    signIn: (input, init) => sessionFetch(signInCalls, (...given) => alone(() => send(...given)), input, init),
    session: () => state.session() as SessionState<Claims>,

    async refresh() {
      // What other tabs have got before the call is not what it asks for.
      state.sync();
      const result = await refresh.run(true);
      if (typeof result !== "string") throw result;
      return client.session();
    },

    signOut() {
      state.sync();
      state.end("sign-out", true);
      return tellSignOut();
    },

    on(event, listener) {
      const hear = (happened: Event): void => listener((happened as CustomEvent).detail as never);
      target.addEventListener(event, hear);
      return () => target.removeEventListener(event, hear);
    },

    subscribe: (listener) => client.on("change", listener),

    intercept() {
      interception ??= interceptFetch(callApi);
      return restore;
    },

    dispose() {
      ending.abort();
      refresh.recover();
      restore();
    },
  };

  // Later: a refresh that is just beginning may have found out that there is something to find out.
  target.addEventListener("change", () => queueMicrotask(refresh.recover));
  listen("online", life, wake);
  listen("visibilitychange", life, wake);
  refresh.recover();
  if (state.isUnsent()) void tellSignOut();
  return client;
}
