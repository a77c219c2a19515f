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

/** The browser's half of the sessions. `Claims` is the app's type of its `jwtPayload`. */
export interface SessionClient<Claims = unknown> extends SessionCalls {
  /**
   * A `fetch` for the API. It sends the anti-CSRF token, refreshes an expired access token, and
   * repeats a request that was refused for it, once. Requests to other origins, and with
   * `credentials: "omit"`, are sent unchanged. You can pass it around without the client.
   *
   * @returns the response. Its `sessionError` says why the client could not do its part, for
   *   instance `BODY_NOT_REPLAYABLE`
   * @throws SessionClientError before the request is sent: `REFRESH_FAILED`, `REFRESH_TIMEOUT`,
   *   `REFRESH_UNREACHABLE` if the access token has expired and cannot be refreshed now;
   *   `USER_CHANGED` if another user has signed in since the call
   */
  fetch(this: void, input: string | URL | Request, init?: RequestInit): Promise<SessionResponse>;
  /**
   * A `fetch` that signs in. It first waits for a refresh of any tab, so that late cookies cannot
   * overwrite the new ones.
   *
   * @throws SessionClientError as `fetch`
   */
  signIn(input: string | URL | Request, init?: RequestInit): Promise<SessionResponse>;
  /** @returns who is signed in: the same object until something changes */
  session(): SessionState<Claims>;
  /**
   * Gets new tokens now, even if the page knows of no session.
   *
   * @returns what `session()` returns after that
   * @throws SessionClientError `REFRESH_FAILED`, `REFRESH_TIMEOUT`, `REFRESH_UNREACHABLE`,
   *   `COOKIES_BLOCKED`
   */
  refresh(): Promise<SessionState<Claims>>;
  /**
   * Signs out. This tab and all others forget the session at once. If the server does not confirm
   * it, the client tells it again when the browser is online, or when the next page loads.
   *
   * @returns whether the server confirmed it; the 200 of a captive portal does not count
   */
  signOut(): Promise<boolean>;
  /**
   * Calls a listener on an event.
   *
   * @returns a function that removes the listener
   */
  on<Name extends keyof SessionClientEvents>(
    event: Name,
    listener: (detail: SessionClientEvents<Claims>[Name]) => void,
  ): () => void;
  /**
   * Calls a listener after each change of `session()`.
   *
   * @returns a function that removes the listener
   */
  subscribe(this: void, listener: () => void): () => void;
  /**
   * Sends all `fetch` calls of the page through this client.
   *
   * @returns a function that restores the original `fetch`
   */
  intercept(): () => void;
  /**
   * Stops the client's own work: it hears no other tab, retries nothing and intercepts nothing. Its
   * methods still work.
   */
  dispose(): void;
}

/**
 * Makes a client. It changes no global object.
 *
 * @throws SessionClientError `OPTIONS_INVALID`
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 *
 * const client = createSessionClient();
 * const body = new URLSearchParams({ user: "alice", password: "correct horse" });
 * await client.signIn("/login", { method: "POST", body });
 * const response = await client.fetch("/api/like", { method: "POST" });
 * console.log(response.status, client.session().status);
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
  // A server has no page, and all users share one client: it must not hold a session, nor keep the
  // process alive.
  if (!globalThis.location) ending.abort();
  const state = createSessionState(settings, emit, life);
  const refresh = createSessionRefresh(settings, state, emit, { send, life });
  const calls = createSessionCalls(settings, state, refresh);

  async function alone<T>(call: () => Promise<T>): Promise<T> {
    await refresh.flight;
    return withLock(settings, call);
  }

  async function tellSignOut(): Promise<boolean> {
    const isMeant = state.isUnsent();
    // Its cookies are gone: a server has said so to any tab, or another user has signed in.
    const isGone = (): boolean => isMeant && !state.isUnsent();
    // Also limits the wait before it.
    const signal = AbortSignal.timeout(2 * settings.refreshTimeout);
    try {
      return await alone(async () => {
        if (isGone()) return true;
        const response = await send(settings.signOutUrl, { ...settings.routeCall, keepalive: true, signal });
        const isOver = response.headers.get(SESSION_HEADER) === NO_SESSION || settings.isRefused(response) || isGone();
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
    if (globalThis.document?.hidden) return;
    state.sync();
    if (state.isUnsent()) void tellSignOut();
    refresh.wake();
  }

  const signInCalls: SessionCalls = { ...calls, prepare: (call) => calls.prepare({ ...call, isSignIn: true }) };
  const callApi: typeof fetch = (input, init) => sessionFetch(client, send, input, init);

  const client: SessionClient<Claims> = {
    ...calls,
    fetch: callApi,
    signIn: (input, init) => sessionFetch(signInCalls, (...given) => alone(() => send(...given)), input, init),
    session: () => state.session() as SessionState<Claims>,

    async refresh() {
      // Tokens that other tabs got before this call do not count.
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

  // Deferred: a refresh that is just beginning may already have found something out.
  target.addEventListener("change", () => queueMicrotask(refresh.recover));
  listen("online", life, wake);
  listen("visibilitychange", life, wake);
  refresh.recover();
  if (state.isUnsent()) void tellSignOut();
  return client;
}
