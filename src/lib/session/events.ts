import { outsideCalls } from "../call.ts";
import { type ErrorCode, generalError } from "../errors.ts";
import type { NoticeCode } from "../notices.ts";
import type { Actor } from "./actor.ts";
import { reportListener } from "./listener-error.ts";
import type { DeviceFacts } from "./record.ts";
import type { UserId } from "./user-id.ts";

/**
 * The events of `on`, and what each listener gets. Events never hold a token, a cookie or a secret.
 * Each `handle` is the public name of a session, each `userId` its user, each `actor` who acted for
 * the user in it; without `actor` the user did.
 */
export interface SessionEvents<Id extends UserId = UserId> {
  /** A user signed in. */
  "session-created": {
    readonly handle: string;
    readonly userId: Id;
    readonly device: DeviceFacts;
    /**
     * Whether the user has signed in from this kind of device before: browser, system and label.
     * Only with `session.knownDevices`. Absent if it is unknown: for the first device that is
     * remembered of a user, for an actor, and if the store failed.
     */
    readonly knownDevice?: boolean;
    readonly actor?: Actor;
  };
  /** A client refreshed its tokens. */
  "session-refreshed": {
    readonly handle: string;
    readonly userId: Id;
    /**
     * `mint`: a new refresh token. `confirm`: a new refresh token, and the presented one became the
     * current one. `renew`: only a new access token.
     */
    readonly outcome: "mint" | "confirm" | "renew";
    /** How often the refresh token of the session has been replaced. */
    readonly generation: number;
    /** The device that refreshed. */
    readonly device: DeviceFacts;
    readonly actor?: Actor;
  };
  /** Sessions ended before they expired. */
  "session-revoked": {
    /**
     * The sessions that ended. With `unknown` the sessions that the call named; empty if it named
     * none.
     */
    readonly handles: readonly string[];
    /** Undefined if the call named only a handle. */
    readonly userId?: Id;
    /**
     * `revoked`: by a function or the route for other devices. `sign-out`: by the user.
     * `signed-in-again`: a sign-in replaced it. `reuse`: a refresh token was reused. `limit`:
     * `session.maxPerUser`. `actor-ended`: the session of its actor had ended, which a refresh
     * noticed.
     */
    readonly reason: "revoked" | "sign-out" | "signed-in-again" | "reuse" | "limit" | "actor-ended";
    /** Who acted in the session. Absent if the user did, or if the call did not read it. */
    readonly actor?: Actor;
    /**
     * True if the response of the database was lost: the call failed, and the sessions may have
     * ended or not. Without `handles` the event is about sessions of `userId`.
     */
    readonly unknown?: true;
    /** With `unknown`: the session that the call was to keep. */
    readonly except?: string;
  };
  /** A user signed in again in the same session, perhaps with other methods. */
  "session-reauthenticated": {
    readonly handle: string;
    readonly userId: Id;
    /** When the user signed in, in ms since the epoch. */
    readonly authTime: number;
    /** How the user signed in (RFC 8176); absent if that is unknown. */
    readonly amr?: readonly string[];
    /** How the user had signed in before; absent if that is unknown. */
    readonly previousAmr?: readonly string[];
  };
  /** The claims of a session were replaced by others. */
  "claims-changed": {
    readonly handle: string;
    readonly userId: Id;
    readonly actor?: Actor;
    /** The new claims, as the next access token has them. */
    readonly claims: unknown;
    /**
     * The names of the claims that were added, removed or have another value; empty if the old or
     * the new claims are no object.
     */
    readonly changed: readonly string[];
  };
  /**
   * Another process ended sessions, or this one did and the response of the database was lost. Only
   * with `revocation: "feed"`, within its bound. The process that ended them emits
   * `session-revoked`.
   */
  "session-ended-elsewhere": {
    /** The sessions that ended; empty if the log names a user or everybody. */
    readonly handles: readonly string[];
    /** All sessions of this user ended that began before. */
    readonly userId?: Id;
    /** With `userId`: the session that was kept. */
    readonly except?: string;
    /** True if all sessions of everybody ended. */
    readonly everybody?: true;
  };
  /**
   * A refresh token was reused: two parties hold tokens of one session. With
   * `rotation.onReuse: "report"` at most once a minute for each session and process.
   */
  "reuse-detected": {
    readonly handle: string;
    readonly userId: Id;
    /** Whether the session was revoked; false with `rotation.onReuse: "report"`. */
    readonly revoked: boolean;
    /** True if the response to the revocation was lost, so the session may have ended or not. */
    readonly unknown?: true;
    /**
     * `superseded`: another token took its place. `current`: a child of it was first used longer
     * than a window ago, or, with a window of 0, was minted.
     */
    readonly presented: "superseded" | "current";
    /** The generation of the presented token. */
    readonly presentedGeneration: number;
    /** The generation of the current token. */
    readonly currentGeneration: number;
    /** How long ago the current token was confirmed, in ms; null for the first token. */
    readonly sinceConfirmation: number | null;
    /** How long ago a child of the current token was first presented, in ms; null if none was. */
    readonly sinceChildSeen: number | null;
    /** The device of the last successful refresh. */
    readonly lastDevice: DeviceFacts;
    /** The device that presented the reused token. */
    readonly presentingDevice: DeviceFacts;
  };
  /**
   * A refresh token is newer than the store, because a backup was restored or a power cut lost
   * writes. At most once a minute for each session and process.
   */
  "store-behind": {
    readonly handle: string;
    readonly userId: Id;
    /** The generation of the presented token. */
    readonly presentedGeneration: number;
    /** The generation in the store. */
    readonly storedGeneration: number;
  };
  /**
   * The clocks of this process and of the database differ by more than a minute, or a session has
   * expired by only one of them; that session is kept. At most once a minute and process.
   */
  "clock-skew": {
    /** The time of this process, in ms since the epoch. */
    readonly processTime: number;
    /** The time of the database, in ms since the epoch. */
    readonly storeTime: number;
  };
  /** Every session of every user was revoked, and all keys were replaced. */
  "all-sessions-revoked": {
    /** How many rows were removed. */
    readonly removed: number;
    /** True if the call failed half-way: some or all sessions have ended. */
    readonly unknown?: true;
  };
  /** Everything about a user was removed from the store, by `forgetUser`. */
  "user-forgotten": {
    readonly userId: Id;
    /** How many sessions were removed, live or expired. */
    readonly sessions: number;
    /** How many remembered devices were removed. */
    readonly devices: number;
    /** How many rows of the audit table were removed. */
    readonly auditRows: number;
  };
  /**
   * A signing key was made; `kid` is its name, and it signs from `activatesAt`, in ms since the
   * epoch.
   */
  "key-rotated": { readonly kid: string; readonly activatesAt: number };
  /** An operator used the console of `counterfoil/console`. */
  "console-action": {
    /** The name that `authorize` returned; null if it returned true. */
    readonly operator: string | null;
    readonly action: "list-sessions" | "revoke-session" | "revoke-all-sessions" | "rotate-key";
    /** The user whose sessions it was about; undefined if unknown, and with `rotate-key`. */
    readonly userId?: Id;
    /** The session, with `revoke-session`. */
    readonly handle?: string;
    /** The name of the next key, with `rotate-key`. */
    readonly kid?: string;
    /**
     * `nothing`: there was no such session. `failed`: it ended with an error; a change may have
     * been made or not.
     */
    readonly outcome: "done" | "nothing" | "failed";
  };
  /** A request passed only because of `http.csrf: "report"`. */
  "csrf-reported": { readonly method: string; readonly path: string; readonly reason: string };
  /**
   * A request was refused, or a set-up fault was seen. For each pair of `code` and `notice` the
   * first comes at once, later ones at most once a minute and process.
   */
  "request-refused": {
    /**
     * The code of the error. Null if no request was refused, for instance if a browser will drop
     * the cookies of a sign-in.
     */
    readonly code: ErrorCode | null;
    /**
     * The fault of the set-up, as in docs/guide/troubleshooting.md; null if none was recognised.
     */
    readonly notice: NoticeCode | null;
    /** How many such requests came since the last event of this pair. */
    readonly count: number;
    /** When the first of them came, in ms since the epoch. */
    readonly since: number;
  };
}

/** The name of an event. */
export type SessionEventName = keyof SessionEvents;
/** A listener of an event. */
export type SessionListener<E extends SessionEventName, Id extends UserId = UserId> = (
  event: SessionEvents<Id>[E],
) => void;

const EVENT_NAMES: Readonly<Record<SessionEventName, true>> = {
  "session-created": true,
  "session-refreshed": true,
  "session-revoked": true,
  "session-ended-elsewhere": true,
  "all-sessions-revoked": true,
  "session-reauthenticated": true,
  "claims-changed": true,
  "user-forgotten": true,
  "reuse-detected": true,
  "store-behind": true,
  "clock-skew": true,
  "key-rotated": true,
  "console-action": true,
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

  const report = (name: string, error: unknown): void => reportListener(`a listener of "${name}"`, error);

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
          // Calls of a listener have their own deadline.
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
