import { outsideCalls } from "../call.ts";
import { cutText } from "../cut-text.ts";
import { type ErrorCode, generalError } from "../errors.ts";
import type { NoticeCode } from "../notices.ts";
import type { DeviceFacts } from "./record.ts";
import type { UserId } from "./user-id.ts";

/** What can be listened to with `on`, and what each listener gets. No event holds a token, a cookie or a secret. */
export interface SessionEvents<Id extends UserId = UserId> {
  "session-created": { readonly handle: string; readonly userId: Id; readonly device: DeviceFacts };
  "session-refreshed": {
    readonly handle: string;
    readonly userId: Id;
    /** `mint`: a new refresh token; `confirm`: a new one, and the presented one took over; `renew`: only a new access token. */
    readonly outcome: "mint" | "confirm" | "renew";
    readonly generation: number;
    /** The device that refreshed. */
    readonly device: DeviceFacts;
  };
  "session-revoked": {
    /** With `unknown` those that the call named; empty where it named none. */
    readonly handles: readonly string[];
    /** Undefined when the call named only a handle. */
    readonly userId?: Id;
    readonly reason: "revoked" | "sign-out" | "signed-in-again" | "reuse" | "limit";
    /**
     * True where the answer of the database got lost: the sessions may have ended or not, and the
     * call has failed. Without `handles` it is about sessions of `userId`.
     */
    readonly unknown?: true;
    /** With `unknown`: the session of the user that was to be spared. */
    readonly except?: string;
  };
  /**
   * A superseded refresh token was presented: two parties hold tokens of one session. With
   * `rotation.onReuse: "report"` at most once a minute for each session and process.
   */
  "reuse-detected": {
    readonly handle: string;
    readonly userId: Id;
    /** Whether the session was revoked; false with `rotation.onReuse: "report"`. */
    readonly revoked: boolean;
    /** True where the answer to its revocation got lost: whether it has ended is not known. */
    readonly unknown?: true;
    /**
     * `superseded`: another token has taken over from it; `current`: a child of it has been in use
     * for longer than the window, or, with a window of 0, has been minted.
     */
    readonly presented: "superseded" | "current";
    readonly presentedGeneration: number;
    readonly currentGeneration: number;
    /** ms since the current token took over from its parent; null when it is the first. */
    readonly sinceConfirmation: number | null;
    /** ms since a child of the current token was first presented; null when none was. */
    readonly sinceChildSeen: number | null;
    /** The device that last refreshed this session with success. */
    readonly lastDevice: DeviceFacts;
    /** The device that presented the superseded token. */
    readonly presentingDevice: DeviceFacts;
  };
  /**
   * A client holds a newer token than the store: a restored backup, or writes lost in a power cut.
   * At most once a minute for each session and process.
   */
  "store-behind": {
    readonly handle: string;
    readonly userId: Id;
    readonly presentedGeneration: number;
    readonly storedGeneration: number;
  };
  /**
   * The clocks of this process and of the database differ by more than a minute, or just by so much
   * that a session has ended by one of them and not by the other; such a session is left as it is.
   * At most once a minute and process.
   */
  "clock-skew": {
    /** What time it was by this process's clock, ms since the epoch. */
    readonly processTime: number;
    /** What time it was at the database, ms since the epoch. */
    readonly storeTime: number;
  };
  /** Every session of everybody was ended, and all keys were replaced. */
  "all-sessions-revoked": {
    readonly removed: number;
    /** True where the call has failed half-way: some or all of them have ended. */
    readonly unknown?: true;
  };
  "key-rotated": { readonly kid: string; readonly activatesAt: number };
  /** A request would have been refused, were it not for `http.csrf: "report"`. */
  "csrf-reported": { readonly method: string; readonly path: string; readonly reason: string };
  /**
   * Requests were refused, or something was seen that cannot work. For each pair of `code` and
   * `notice` the first at once, and then at most one event a minute and process.
   */
  "request-refused": {
    /**
     * Code of the error; null where no request was refused, for instance where a browser drops the
     * cookies of a sign-in.
     */
    readonly code: ErrorCode | null;
    /**
     * What is wrong with the set-up, as in docs/guide/troubleshooting.md; null where that is not
     * known, or nothing is.
     */
    readonly notice: NoticeCode | null;
    /** How many since the last event of this pair. */
    readonly count: number;
    /** When the first of them came, ms since the epoch. */
    readonly since: number;
  };
}

export type SessionEventName = keyof SessionEvents;
export type SessionListener<E extends SessionEventName, Id extends UserId = UserId> = (
  event: SessionEvents<Id>[E],
) => void;

const EVENT_NAMES: Readonly<Record<SessionEventName, true>> = {
  "session-created": true,
  "session-refreshed": true,
  "session-revoked": true,
  "all-sessions-revoked": true,
  "reuse-detected": true,
  "store-behind": true,
  "clock-skew": true,
  "key-rotated": true,
  "csrf-reported": true,
  "request-refused": true,
};

export interface EventHub {
  readonly on: <E extends SessionEventName>(name: E, listener: SessionListener<E>) => () => void;
  readonly emit: <E extends SessionEventName>(name: E, event: SessionEvents[E]) => void;
  readonly clear: () => void;
}

export function createEventHub(): EventHub {
  const listeners = new Map<SessionEventName, Set<(event: never) => unknown>>();

  // A listener's fault is the app's and must be seen, but it must not undo or fail the session operation that emitted.
  const report = (name: string, error: unknown): void => {
    process.emitWarning(`a listener of "${name}" failed: ${describeError(error)}`, { code: "COUNTERFOIL_LISTENER" });
  };

  return {
    on(name, listener) {
      if (!Object.hasOwn(EVENT_NAMES, name)) {
        const known = Object.keys(EVENT_NAMES).join(", ");
        throw generalError("ARGUMENT_INVALID", `there is no event of this name to listen to; known are ${known}`);
      }
      if (typeof listener !== "function") {
        throw generalError("ARGUMENT_INVALID", `the listener of "${name}" is no function, and would never be called`);
      }
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => void set.delete(listener);
    },
    emit(name, event) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          // What a listener asks for is a call of its own.
          const returned: unknown = outsideCalls(() => listener(event as never));
          if (typeof returned === "object" && returned !== null && "then" in returned) {
            Promise.resolve(returned).catch((error: unknown) => report(name, error));
          }
        } catch (error) {
          report(name, error);
        }
      }
    },
    clear: () => listeners.clear(),
  };
}

function describeError(error: unknown): string {
  try {
    return cutText(String(error instanceof Error ? (error.stack ?? error.message) : error), 10_000);
  } catch {
    return "it threw something that cannot be made text";
  }
}
