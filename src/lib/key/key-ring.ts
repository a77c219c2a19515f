import type { SigningAlgorithm } from "../policy.ts";
import { beginShared } from "../call.ts";
import { CLOCK_SKEW } from "../clock.ts";
import { generalError } from "../errors.ts";
import { withDeadline } from "../with-deadline.ts";
import type { Secrets } from "../crypto/secret.ts";
import type { KeyRecord } from "./key-record.ts";
import { activeKey } from "./key-state.ts";
import type { KeyStore } from "./key-store.ts";
import { makeKeyRecord, openKeyRecord, type RingKey } from "./ring-key.ts";
import { rewrapKey, unwrapKey } from "./wrapped-key.ts";

export interface KeyPolicy {
  readonly signing: SigningAlgorithm;
  /** How long a key signs before the next takes over, less up to a tenth of jitter; ms. */
  readonly rotateEvery: number;
  /** How long a key is published before it signs; ms. */
  readonly publishAhead: number;
  /** Longest life of an access token; ms. */
  readonly accessValidity: number;
  /** Longest life of any token that a key made; ms. */
  readonly longestToken: number;
}

/** The next signing key. */
export interface PendingKey {
  /** The name of the key, as in the header of its tokens and in the JWKS. */
  readonly kid: string;
  /** When it begins to sign, in ms since the epoch. */
  readonly activatesAt: number;
}

/**
 * The keys of this installation: pending (published, does not sign yet), active (signs), retired
 * (only verifies). All processes share them through the store, and the time decides which one is
 * active.
 */
export interface KeyRing {
  /** Loads the keys, and makes the first one if there is none. */
  readonly load: () => Promise<void>;
  readonly active: () => RingKey;
  readonly findByKid: (kid: string) => RingKey | undefined;
  readonly findByHeader: (headerSegment: string) => RingKey | undefined;
  /** Keys with possibly live access tokens, for the JWKS. */
  readonly published: () => readonly RingKey[];
  /** Increases when a key is removed, so that its cached tokens are verified again. */
  readonly epoch: () => number;
  /**
   * Reloads the keys because a token names an unknown one. Limited to once per interval; all
   * callers within it share the reload.
   */
  readonly reloadForUnknownKey: () => Promise<void>;
  /**
   * Keeps the ring up to date. It never rejects, because the loaded keys remain usable.
   *
   * @param time now, if the caller has read the clock already
   * @returns undefined if nothing is due; otherwise a promise that resolves after the reload or 1 s
   */
  readonly tend: (time?: number) => Promise<void> | undefined;
  readonly rotate: () => Promise<PendingKey>;
  /**
   * Replaces all keys at once, so that no earlier token is valid.
   *
   * @param onBegun called before the first key is removed
   */
  readonly replaceAll: (onBegun?: () => void) => Promise<void>;
}

const RELOAD_EVERY = 60_000;
const UNKNOWN_KEY_INTERVAL = 1000;

/** This process's clock and the database's: a wrong clock must not remove a key that others use. */
export interface RingClocks {
  readonly now: () => number;
  readonly earlier: () => number;
  readonly later: () => number;
  /** The database's clock if there is one, else `now`. */
  readonly shared: () => number;
  readonly isShared: () => boolean;
  readonly read: () => Promise<void>;
}

/**
 * How long a request waits for key maintenance, in ms. The maintenance continues when the database
 * responds.
 */
const TEND_PATIENCE = 1000;

const tooLate = (): Error => new Error("the keys come too late for this request");

export interface KeyRingParts {
  readonly store: KeyStore;
  /** Called when a key is opened or made, so that the secrets can be read late. */
  readonly secrets: () => Secrets;
  readonly policy: KeyPolicy;
  readonly clocks: RingClocks;
  readonly onRotated: (key: PendingKey) => void;
}

export function createKeyRing({ store, secrets, policy, clocks, onRotated }: KeyRingParts): KeyRing {
  const { now } = clocks;
  let keys: readonly RingKey[] = [];
  let byKid = new Map<string, RingKey>();
  let byHeader = new Map<string, RingKey>();
  let epoch = 0;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let reloadsBegun = 0;
  let reloadShown = 0;
  let lookup = { again: Number.NEGATIVE_INFINITY, done: Promise.resolve() };

  async function reload(rewrap = false): Promise<void> {
    const reloadNumber = (reloadsBegun += 1);
    const opened: RingKey[] = [];
    for (const record of await store.listKeys()) opened.push(await open(record, rewrap));
    // A later response of the store has arrived first; this one must not overwrite it.
    if (reloadNumber < reloadShown) return;
    reloadShown = reloadNumber;
    const stillThere = new Set(opened.map((key) => key.kid));
    if (keys.some((key) => !stillThere.has(key.kid))) epoch += 1;
    keys = opened;
    byKid = new Map(opened.map((key) => [key.kid, key]));
    byHeader = new Map(opened.map((key) => [key.headerSegment, key]));
    loadedAt = now();
  }

  async function open(record: KeyRecord, rewrap: boolean): Promise<RingKey> {
    const known = byKid.get(record.kid);
    if (known?.wrappedSeed === record.wrappedSeed) return known;
    const unwrapped = unwrapKey(secrets(), record);
    // Only at the start: while processes with the old and the new list run in parallel, they would
    // undo each other's work.
    if (rewrap && !unwrapped.byFirst) await rewrapKey(store, secrets(), unwrapped);
    return openKeyRecord(record, unwrapped.seed);
  }

  const newest = (): RingKey | undefined => keys.at(-1);

  /** Adds a key after the newest one, or uses the key of a process that was faster. */
  async function append(activatesAt: number): Promise<RingKey> {
    const sequence = (newest()?.sequence ?? 0) + 1;
    const record = makeKeyRecord(secrets(), {
      sequence,
      algorithm: policy.signing,
      createdAt: clocks.shared(),
      activatesAt,
    });
    const inserted = await store.insertKey(record);
    await reload();
    const key = newest();
    if (key === undefined) throw generalError("STORE_UNAVAILABLE", "the store took a key and does not list it");
    if (inserted) onRotated({ kid: key.kid, activatesAt: key.activatesAt });
    return key;
  }

  /**
   * Until when a key verifies tokens that live at most `longest`: it signed until the next key
   * became active.
   */
  function verifiesUntil(index: number, longest: number): number {
    const next = keys[index + 1];
    return next === undefined ? Number.POSITIVE_INFINITY : next.activatesAt + longest + CLOCK_SKEW;
  }

  async function dropFinished(): Promise<void> {
    const finished = keys.filter((_, index) => verifiesUntil(index, policy.longestToken) <= clocks.earlier());
    for (const key of finished) await store.deleteKey(key.kid);
    if (finished.length > 0) await reload();
  }

  async function rotate(): Promise<RingKey> {
    await reload();
    const last = newest();
    if (last !== undefined && last.activatesAt > clocks.shared() && !isMislaid(last)) return last;
    return append(nextActivation());
  }

  async function load(): Promise<void> {
    await clocks.read();
    await reload(true);
    const last = newest();
    if (last === undefined) await append(clocks.shared());
    // Published before it signs, like any other key: processes with the old setting must know it by
    // then.
    else if (last.algorithm !== policy.signing) await append(nextActivation());
  }

  /**
   * Whether a key's activation was set by a clock that was far ahead, and would block rotation
   * until then. Only the database's clock can tell: to a process whose clock is behind, all keys
   * look so.
   */
  const isMislaid = (key: RingKey): boolean =>
    clocks.isShared() && key.activatesAt > clocks.later() + policy.rotateEvery;

  const rotationDue = (key: RingKey): boolean =>
    isMislaid(key) ||
    key.activatesAt + policy.rotateEvery * (1 - key.jitter / 10) - policy.publishAhead <= clocks.earlier();

  /** Never before the current key's activation, which would end that key too early. */
  function nextActivation(): number {
    const last = keys.findLast((key) => !isMislaid(key));
    return Math.max(clocks.shared(), last?.activatesAt ?? 0) + policy.publishAhead;
  }

  async function tend(): Promise<void> {
    loadedAt = now();
    try {
      await reload();
      await clocks.read();
      // If the table was emptied, a new key is more useful than an error.
      const last = newest() ?? (await append(clocks.shared()));
      if (rotationDue(last)) await append(nextActivation());
      await dropFinished();
    } catch {
      // The current request reports its own errors. This is tried again in a minute.
    }
  }

  return {
    load,
    active() {
      // A process whose clock is behind must not sign with a key that others are about to remove.
      const key = activeKey(keys, clocks.later());
      if (key === undefined) throw generalError("STORE_UNAVAILABLE", "the signing keys have not been loaded");
      return key;
    },
    findByKid: (kid) => byKid.get(kid),
    findByHeader: (segment) => byHeader.get(segment),
    published: () => keys.filter((_, index) => verifiesUntil(index, policy.accessValidity) > clocks.earlier()),
    epoch: () => epoch,
    reloadForUnknownKey() {
      const time = now();
      if (time >= lookup.again) {
        // Concurrent callers share this reload and its failure: "unknown" must mean that the store
        // was asked.
        lookup = { again: time + UNKNOWN_KEY_INTERVAL, done: reload() };
      }
      return lookup.done;
    },
    // Outside of calls: it must not use the time of the call that begins it.
    tend(time = now()) {
      if (time - loadedAt < RELOAD_EVERY) return undefined;
      return withDeadline(beginShared(tend), performance.now() + TEND_PATIENCE, tooLate).catch(() => undefined);
    },
    async rotate() {
      const { kid, activatesAt } = await rotate();
      return { kid, activatesAt };
    },
    async replaceAll(onBegun) {
      await reload();
      const old = keys;
      const fresh = await append(clocks.shared());
      onBegun?.();
      for (const key of old) if (key.kid !== fresh.kid) await store.deleteKey(key.kid);
      await reload();
    },
  };
}
