import { SESSION_HEADER, THEFT_MESSAGE } from "../../protocol.ts";
import { challengeOf, type ClientSettings } from "./client-options.ts";
import type { EmitEvent } from "./session-events.ts";
import { SessionClientError } from "./session-client-error.ts";
import { withLock } from "./session-lock.ts";
import type { SessionStateHolder } from "./session-state.ts";

/** `fresh`: the browser has other tokens than before; `over`: there is no session any more; else why it could not be had, and nothing is lost. */
export type RefreshResult = "fresh" | "over" | SessionClientError;

export interface SessionRefresh {
  /** The refresh that is under way in this tab. */
  readonly flight: Promise<RefreshResult> | undefined;
  /**
   * Gets new tokens, unless the browser has others than `seen` by then. One at a time in this tab and, where there are Web Locks, in all.
   *
   * @param force also where the last one failed a moment ago
   */
  run(seen: string | undefined, force?: boolean): Promise<RefreshResult>;
  /** The browser has come back: one more try, if the last one failed. */
  wake(): void;
  close(): void;
}

const MOST_TURNS = 5;
const JITTER = 1000;
const LONGEST_REST = 30_000;

export function createSessionRefresh(
  settings: ClientSettings,
  state: SessionStateHolder,
  emit: EmitEvent,
  send: typeof fetch,
): SessionRefresh {
  let flight: Promise<RefreshResult> | undefined;
  let failure: { readonly error: SessionClientError; readonly until: number } | undefined;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function attempt(seen: string | undefined): Promise<RefreshResult> {
    const before = state.sync();
    if (before?.marker !== seen) {
      if (before === undefined) return "over";
      // Another tab was faster.
      if (before.user !== undefined) return "fresh";
    }
    const signal = AbortSignal.timeout(settings.refreshTimeout);
    try {
      for (let turn = 1; ; turn += 1) {
        const answer = await send(settings.refreshUrl, {
          method: "POST",
          credentials: "include",
          cache: "no-store",
          redirect: "error",
          signal,
        });
        const text = await answer.text();
        if (answer.ok) {
          const blocked = state.learn(answer, before?.marker);
          if (blocked !== undefined) return blocked;
          // Where a CORS set-up hides the header, the cookie tells. Neither: the answer is somebody else's, a captive portal's say.
          if (answer.headers.has(SESSION_HEADER) || state.sync()?.marker !== before?.marker) return "fresh";
        }
        if (settings.isRefused(answer)) {
          // No token has arrived although there was a session.
          const isBlocked = !/error=/.test(challengeOf(answer));
          state.end(isBlocked ? "cookies-blocked" : text.includes(THEFT_MESSAGE) ? "theft" : "ended");
          return "over";
        }
        const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
        const retryAfter = seconds >= 0 ? seconds * 1000 : undefined;
        // Another request has just refreshed, and its cookies are here, or will be in a moment.
        if (answer.status !== 409 || turn === MOST_TURNS) {
          const { status } = answer;
          return new SessionClientError(
            "REFRESH_FAILED",
            `the refresh was answered ${status}, not as the library does`,
            {
              status,
              ...(retryAfter !== undefined && { retryAfter }),
            },
          );
        }
        await new Promise((resolve) => setTimeout(resolve, retryAfter ?? JITTER));
        if (state.sync()?.marker !== before?.marker) return "fresh";
      }
    } catch (cause) {
      return signal.aborted
        ? new SessionClientError("REFRESH_TIMEOUT", `the refresh got no answer in ${settings.refreshTimeout} ms`, {
            cause,
          })
        : new SessionClientError("REFRESH_UNREACHABLE", "the refresh did not reach the server", { cause });
    }
  }

  async function fly(seen: string | undefined): Promise<RefreshResult> {
    const result = await withLock(settings.name, settings.lockTimeout, () => attempt(seen)).finally(() => {
      flight = undefined;
    });
    if (typeof result === "string") {
      failure = undefined;
      failures = 0;
      return result;
    }
    // A timeout has taken its time already.
    const rest = result.code === "REFRESH_TIMEOUT" ? 0 : Math.min(1000 * 2 ** failures, LONGEST_REST);
    failures += 1;
    failure = { error: result, until: performance.now() + (result.retryAfter ?? rest) };
    emit("refresh-failed", result);
    return result;
  }

  return {
    get flight() {
      return flight;
    },

    async run(seen, force = false) {
      if (flight === undefined && !force && failure !== undefined && performance.now() < failure.until)
        return failure.error;
      return (flight ??= fly(seen));
    },

    wake() {
      if (failure === undefined || timer !== undefined) return;
      if (failure.error.retryAfter !== undefined && performance.now() < failure.until) return;
      // Not all at once: all who lost this server have just got it back.
      timer = setTimeout(() => {
        timer = undefined;
        const seen = state.sync()?.marker;
        if (failure !== undefined && seen !== undefined) void this.run(seen, true);
      }, Math.random() * JITTER);
    },

    close: () => clearTimeout(timer),
  };
}
