import { SESSION_HEADER } from "../../protocol.ts";
import { abortable } from "./abortable.ts";
import { type ClientSettings, hasToken } from "./client-options.ts";
import type { EmitEvent } from "./session-events.ts";
import { handleOf } from "./known-session.ts";
import { SessionClientError } from "./session-client-error.ts";
import { withLock } from "./session-lock.ts";
import type { SessionStateHolder } from "./session-state.ts";

/**
 * `fresh`: the browser has other tokens than before. `over`: the session has ended. An error: the
 * refresh failed, and the session stays.
 */
export type RefreshResult = "fresh" | "over" | SessionClientError;

export interface SessionRefresh {
  /** The running refresh of this tab. */
  readonly flight: Promise<RefreshResult> | undefined;
  /**
   * Gets new tokens, unless the browser has newer ones when the lock is free. One refresh runs at a
   * time in this tab and, with Web Locks, in all tabs.
   *
   * @param force also during the backoff after a failure
   */
  run(force?: boolean): Promise<RefreshResult>;
  /** Retries a failed refresh once, because the browser is back. */
  wake(): void;
  /**
   * To be called after each change. Ends the wait for another tab whose refresh is done. Asks for
   * the user while the page does not know it: now, and after each backoff.
   */
  recover(this: void): void;
}

const SHORTEST_BACKOFF = 1000;

export function createSessionRefresh(
  settings: ClientSettings,
  state: SessionStateHolder,
  emit: EmitEvent,
  { send, life }: { readonly send: typeof fetch; readonly life: AbortSignal },
): SessionRefresh {
  let flight: Promise<RefreshResult> | undefined;
  let failure: SessionClientError | undefined;
  // The session of the last failure, the end of its backoff, and the length of the next one.
  let handle = "";
  let backoffUntil = 0;
  let backoff = SHORTEST_BACKOFF;
  // Ends the wait for the lock if the refresh is no longer needed. Undefined while nothing waits.
  let lookAgain: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * The rest of the backoff after the last failure, in ms. A new session has none. It uses the
   * caller's view: reading again might find the tokens of another tab.
   */
  function backoffLeft(): number {
    const current = handleOf(state.known()?.marker);
    if (current !== handle) {
      handle = current;
      failure = undefined;
      backoff = SHORTEST_BACKOFF;
    }
    return failure ? backoffUntil - performance.now() : 0;
  }

  /**
   * Checks for a refresh by another tab since a marker was seen; undefined if this tab must still
   * refresh. It reads the cookie again, because any script of the origin can send a message.
   */
  function look(seen: string | undefined): RefreshResult | undefined {
    const now = state.sync();
    if (now?.marker === seen) return undefined;
    if (!now) return "over";
    return now.user && "fresh";
  }

  async function attempt(seen: string | undefined): Promise<RefreshResult> {
    const signal = AbortSignal.timeout(settings.refreshTimeout);
    try {
      for (;;) {
        const done = look(seen);
        if (done) return done;
        const before = state.known()?.marker;
        const response = await send(settings.refreshUrl, { ...settings.routeCall, signal });
        const text = await response.text();
        if (response.ok) {
          const blocked = state.learn(response, before);
          if (blocked) return blocked;
          // If a CORS set-up hides the header, the cookie counts. Neither header nor cookie: this
          // response is not from our server (a captive portal, for example).
          if (response.headers.get(SESSION_HEADER) || state.sync()?.marker !== before) return "fresh";
        }
        if (settings.isRefused(response)) {
          // No token arrived although there was a session.
          state.end(!hasToken(response) ? "cookies-blocked" : text.includes("theft") ? "theft" : "ended");
          return "over";
        }
        // At most 5 minutes, even if a gateway in maintenance says an hour.
        const retryAfter =
          Math.min(Math.max(Number(response.headers.get("retry-after")), 0) * 1000, 300_000) || undefined;
        const pause = retryAfter ?? SHORTEST_BACKOFF;
        // 409: another request has just refreshed, and its cookies are here or will be soon.
        // Callers wait longer pauses without the lock.
        if (response.status !== 409 || pause >= settings.refreshTimeout) {
          return new SessionClientError("REFRESH_FAILED", `${settings.refreshUrl} answered ${response.status}`, {
            status: response.status,
            retryAfter,
          });
        }
        await abortable(new Promise((resolve) => setTimeout(resolve, pause)), signal);
      }
    } catch (cause) {
      return new SessionClientError(signal.aborted ? "REFRESH_TIMEOUT" : "REFRESH_UNREACHABLE", undefined, { cause });
    }
  }

  async function fly(seen: string | undefined): Promise<RefreshResult> {
    const result = await withLock(
      settings,
      () => attempt(seen),
      (stop) => {
        lookAgain = () => stop(look(seen));
      },
    );
    flight = lookAgain = undefined;
    if (typeof result === "string") {
      failure = undefined;
      backoff = SHORTEST_BACKOFF;
      return result;
    }
    failure = result;
    backoffUntil = performance.now() + (result.retryAfter ?? backoff);
    backoff = Math.min(backoff * 2, 30_000);
    emit("refresh-failed", result);
    recover();
    return result;
  }

  async function run(force?: boolean): Promise<RefreshResult> {
    // A timeout has taken long enough.
    if (backoffLeft() > 0 && failure && failure.code !== "REFRESH_TIMEOUT" && !flight && !force) return failure;
    return (flight ??= fly(state.known()?.marker));
  }

  function recover(): void {
    lookAgain?.();
    clearTimeout(timer);
    if (life.aborted || state.session().status !== "loading") return;
    const left = backoffLeft();
    if (left > 0) timer = setTimeout(recover, left);
    else void run();
  }

  return {
    get flight() {
      return flight;
    },

    run,
    recover,

    wake() {
      if ((backoffLeft() > 0 && failure?.retryAfter) || !failure) return;
      failure = undefined;
      clearTimeout(timer);
      // A random delay, because all clients of a restarted server come back at once. The timer may
      // find that another tab was faster.
      timer = setTimeout(() => {
        if (state.sync()) void run();
      }, Math.random() * SHORTEST_BACKOFF);
    },
  };
}
