import type { Policy } from "../policy.ts";
import type { KeyRing } from "../key/key-ring.ts";
import type { RevocationCheck } from "./revocation-check.ts";
import type { SessionStore } from "./session-store.ts";
import type { AccessTokens } from "../token/access-token.ts";
import type { AntiCsrfTokens } from "../token/anti-csrf-token.ts";
import type { Realm } from "../token/realm.ts";
import type { Tickets } from "../token/ticket.ts";
import type { Calls } from "./calls.ts";
import type { Clock } from "../clock.ts";
import type { Clocks } from "./clocks.ts";
import type { EventHub } from "./events.ts";
import type { FirstInMinute } from "./first-in-minute.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import type { Refusals } from "./refusals.ts";
import type { Upkeep } from "./upkeep.ts";

/** What the session operations work with. */
export interface SessionContext {
  readonly policy: Policy;
  /** The store; whatever it throws has become `STORE_UNAVAILABLE`. */
  readonly store: SessionStore;
  /** Whether the store keeps nothing outside this process. */
  readonly isMemory: boolean;
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  /**
   * In the MACs of refresh tokens, anti-CSRF tokens and tickets: those of another issuer or
   * audience are not ours.
   */
  readonly realm: Realm;
  readonly antiCsrf: AntiCsrfTokens;
  readonly tickets: Tickets;
  /** Undefined where access tokens are good until they expire. */
  readonly revocation: RevocationCheck | undefined;
  readonly events: EventHub;
  readonly refusals: Refusals;
  readonly now: Clock;
  /** The same clock, and the database's beside it: for all that ends or removes sessions. */
  readonly clocks: Clocks;
  readonly calls: Calls;
  readonly oneAtATime: OneAtATime;
  /** For events that a client can cause at will. */
  readonly isFirstInMinute: FirstInMinute;
  /**
   * Opens the store and loads the keys, once; tried again by the next call when it failed.
   * Undefined when that is done, so that the path of each request has nothing to wait for. Within a
   * call no longer than that may take.
   * @throws SessionError
   */
  readonly ready: () => Promise<void> | undefined;
  /** Calls `work` when the instance is closed. */
  readonly onClose: (work: () => void) => void;
  readonly upkeep: Upkeep;
}
