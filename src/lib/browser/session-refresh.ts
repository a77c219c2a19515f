import { SESSION_HEADER, THEFT_MESSAGE } from "../../protocol.ts";
import { type ClientSettings, hasToken, ROUTE_CALL } from "./client-options.ts";
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
}

const SHORTEST_REST = 1000;

export function createSessionRefresh(
  settings: ClientSettings,
  state: SessionStateHolder,
  emit: EmitEvent,
  { send, life }: { readonly send: typeof fetch; readonly life: AbortSignal },
): SessionRefresh {
  let flight: Promise<RefreshResult> | undefined;
  let failure: SessionClientError | undefined;
  // Until when a failure stands for all who ask, and how long the next one will.
  let restsUntil = 0;
  let rest = SHORTEST_REST;

  async function attempt(seen: string | undefined): Promise<RefreshResult> {
    const before = state.sync();
    if (before?.marker !== seen) {
      if (!before) return "over";
      // Another tab was faster.
      if (before.user) return "fresh";
    }
    const signal = AbortSignal.timeout(settings.refreshTimeout);
    try {
      for (;;) {
        const answer = await send(settings.refreshUrl, { ...ROUTE_CALL, signal });
        const text = await answer.text();
        if (answer.ok) {
          const blocked = state.learn(answer, before?.marker);
          if (blocked) return blocked;
          // Where a CORS set-up hides the header, the cookie tells. Neither: the answer is somebody else's, a captive portal's say.
          if (answer.headers.has(SESSION_HEADER) || state.sync()?.marker !== before?.marker) return "fresh";
        }
        if (settings.isRefused(answer)) {
          // No token has arrived although there was a session.
          state.end(!hasToken(answer) ? "cookies-blocked" : text.includes(THEFT_MESSAGE) ? "theft" : "ended");
          return "over";
        }
        const retryAfter = Number(answer.headers.get("retry-after")) * 1000 || undefined;
        // Another request has just refreshed, and its cookies are here, or will be in a moment.
        if (answer.status !== 409) {
          const { status } = answer;
          return new SessionClientError("REFRESH_FAILED", `refresh answered ${status}`, { status, retryAfter });
        }
        await new Promise((resolve) => setTimeout(resolve, retryAfter ?? SHORTEST_REST));
        if (state.sync()?.marker !== before?.marker) return "fresh";
      }
    } catch (cause) {
      const code = signal.aborted ? "REFRESH_TIMEOUT" : "REFRESH_UNREACHABLE";
      return new SessionClientError(code, "no answer", { cause });
    }
  }

  async function fly(seen: string | undefined): Promise<RefreshResult> {
    const result = await withLock(settings.name, settings.lockTimeout, () => attempt(seen)).finally(() => {
      flight = undefined;
    });
    if (typeof result === "string") {
      failure = undefined;
      rest = SHORTEST_REST;
      return result;
    }
    failure = result;
    // A timeout has taken its time already.
    if (result.code !== "REFRESH_TIMEOUT") restsUntil = performance.now() + (result.retryAfter ?? rest);
    rest = Math.min(rest * 2, 30_000);
    emit("refresh-failed", result);
    return result;
  }

  async function run(seen: string | undefined, force = false): Promise<RefreshResult> {
    if (!flight && !force && failure && performance.now() < restsUntil) return failure;
    return (flight ??= fly(seen));
  }

  return {
    get flight() {
      return flight;
    },

    run,

    wake() {
      if (!failure || (failure.retryAfter && performance.now() < restsUntil)) return;
      failure = undefined;
      const seen = state.sync()?.marker;
      // Not all at once: all who lost this server have just got it back.
      setTimeout(() => {
        if (seen && !life.aborted) void run(seen);
      }, Math.random() * SHORTEST_REST);
    },
  };
}
