import type { Policy } from "../policy.ts";
import type { Feed } from "../revocation/feed.ts";
import type { KeyRing } from "../key/key-ring.ts";
import type { RevocationCheck } from "./revocation-check.ts";
import type { SessionStore } from "./session-store.ts";
import type { AccessTokens } from "../token/access-token.ts";
import type { AntiCsrfTokens } from "../token/anti-csrf-token.ts";
import type { Realm } from "../token/realm.ts";
import type { Tickets } from "../token/ticket.ts";
import type { Audit } from "./audit.ts";
import type { Calls } from "./calls.ts";
import type { Clock } from "../clock.ts";
import type { Clocks } from "./clocks.ts";
import type { EventHub } from "./events.ts";
import type { FirstInMinute } from "./first-in-minute.ts";
import type { Journals } from "./journals.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import type { Refusals } from "./refusals.ts";
import type { SessionStats } from "./stats.ts";
import type { StoreObservers } from "./store-observers.ts";
import type { Upkeep } from "./upkeep.ts";

/** The context of the session operations. */
export interface SessionContext {
  readonly policy: Policy;
  /** The store. Its errors have become `STORE_UNAVAILABLE`. */
  readonly store: SessionStore;
  /** The store as the config gave it. */
  readonly givenStore: SessionStore;
  /** The observers of the store. */
  readonly observers: StoreObservers;
  /** The kind of database, for operators; undefined if the store does not say. */
  readonly storeKind: string | undefined;
  /** Whether the store keeps data in this process only. */
  readonly isMemory: boolean;
  readonly ring: KeyRing;
  readonly accessTokens: AccessTokens;
  /**
   * Part of the MACs of refresh tokens, anti-CSRF tokens and tickets, so tokens of another issuer
   * or audience fail.
   */
  readonly realm: Realm;
  readonly antiCsrf: AntiCsrfTokens;
  readonly tickets: Tickets;
  /** Undefined if access tokens are valid until they expire. */
  readonly revocation: RevocationCheck | undefined;
  /** Follows the log of revocations; undefined unless the mode is `feed`. */
  readonly feed: Feed | undefined;
  readonly journals: Journals;
  readonly audit: Audit;
  readonly events: EventHub;
  readonly refusals: Refusals;
  /** Counts a refresh that is refused softly. */
  readonly countSoftRefusal: () => void;
  readonly stats: () => SessionStats;
  readonly now: Clock;
  /** This clock and the database's, for everything that ends or removes sessions. */
  readonly clocks: Clocks;
  readonly calls: Calls;
  readonly oneAtATime: OneAtATime;
  /** Limits events that a client can cause at will. */
  readonly isFirstInMinute: FirstInMinute;
  /**
   * Opens the store and loads the keys, once. After a failure the next call tries again.
   * @returns undefined if it is open, so that a request has nothing to await. Within a call the
   * promise takes no longer than the call may
   * @throws SessionError
   */
  readonly ready: () => Promise<void> | undefined;
  /** Whether the store is open and the keys are loaded. */
  readonly isOpen: () => boolean;
  /**
   * Whether all of it happens in a transaction of the app: nothing is repeated, and a failed
   * statement must not be hidden, because the transaction fails with it.
   */
  readonly isInTransaction: boolean;
  /** Calls `work` when the instance is closed. */
  readonly onClose: (work: () => void) => void;
  readonly upkeep: Upkeep;
}
