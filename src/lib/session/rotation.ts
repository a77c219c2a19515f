/**
 * The rotation rule "settle": decides about an authentic refresh token. It is pure, so the model
 * check in test/model explores this very function. docs/guide/rotation.md explains it; the table
 * there mirrors this file.
 */

/** What a session row remembers about its refresh tokens. Times are ms since the epoch. */
export interface RotationState {
  /**
   * Generation of the current token, the last one that proved to have arrived. Counted, never
   * timed.
   */
  readonly generation: number;
  /** Hash of the hash of the current token. */
  readonly currentHash: string;
  /** The same of the token that the current one took over from; null: it is the first. */
  readonly parentHash: string | null;
  /** When the youngest child of the current token was minted; null: none was. */
  readonly childMintedAt: number | null;
  /** When a child was first presented; null: none was. */
  readonly childSeenAt: number | null;
  /** When the current token took over from its parent; null: it is the first. */
  readonly confirmedAt: number | null;
}

/** The contents of an authentic token, hashed like the values in the row. */
export interface PresentedToken {
  readonly generation: number;
  readonly doubleHash: string;
  readonly parentDoubleHash: string;
}

export interface RotationPolicy {
  /**
   * W: how long a request or its response may still be in flight, in ms. 0 is strict single use.
   */
  readonly window: number;
  /**
   * Age in ms that the youngest child must have before a child is confirmed: {@link SETTLE_WINDOWS}
   * windows.
   */
  readonly settle: number;
}

export type RotationDecision =
  /** The current token: hand out a new child of it. */
  | { readonly outcome: "mint"; readonly next: RotationState }
  /** A settled child takes over: hand out a new child of the child. */
  | { readonly outcome: "confirm"; readonly next: RotationState }
  /** A child that is too young to take over: a new access token, the same refresh token. */
  | { readonly outcome: "renew"; readonly next: RotationState }
  /** Superseded a moment ago, perhaps by the same client: refuse softly, nothing is lost. */
  | { readonly outcome: "retry" }
  /** Two parties hold tokens of this session. */
  | { readonly outcome: "reuse" }
  /** The token is newer than the row: the store has lost writes. */
  | { readonly outcome: "ahead" };

// A response and the request that it overtakes may each be in flight for one window, so a child may
// be confirmed after more than two. The exhaustive search fails with one and two windows and holds
// with three; the third is the reserve.
const SETTLE_WINDOWS = 3;

export function rotationPolicy(window: number): RotationPolicy {
  return { window, settle: SETTLE_WINDOWS * window };
}

export function decideRotation(
  token: PresentedToken,
  state: RotationState,
  now: number,
  { window, settle }: RotationPolicy,
): RotationDecision {
  if (window === 0) return decideSingleUse(token, state, now);
  if (isCurrent(token, state)) {
    if (state.childSeenAt !== null && now - state.childSeenAt > window) return { outcome: "reuse" };
    return { outcome: "mint", next: { ...state, childMintedAt: latest(state.childMintedAt, now) } };
  }

  if (isChild(token, state)) {
    // A power cut may have lost the row's record of the child. The child counts as just minted.
    if (state.childMintedAt !== null && now - state.childMintedAt >= settle) return confirm(token, state, now);
    const next = { ...state, childMintedAt: state.childMintedAt ?? now, childSeenAt: state.childSeenAt ?? now };
    return { outcome: "renew", next };
  }

  if (token.generation > state.generation) return { outcome: "ahead" };

  // The token is older: the parent or a sibling of the current token, or an earlier one.
  const supersededLast = token.generation === state.generation || token.doubleHash === state.parentHash;
  const justNow = state.confirmedAt !== null && now - state.confirmedAt <= window;
  return { outcome: supersededLast && justNow ? "retry" : "reuse" };
}

/**
 * Strict single use compares no times, so requests in one millisecond and servers with different
 * clocks decide alike. Each token is valid once; retries and races are reuse, too.
 */
function decideSingleUse(token: PresentedToken, state: RotationState, now: number): RotationDecision {
  if (isCurrent(token, state)) {
    if (state.childMintedAt !== null) return { outcome: "reuse" };
    return { outcome: "mint", next: { ...state, childMintedAt: now } };
  }
  if (isChild(token, state)) return confirm(token, state, now);
  return { outcome: token.generation > state.generation ? "ahead" : "reuse" };
}

/** The child takes over, and a child of its own is minted in the same step. */
function confirm(token: PresentedToken, state: RotationState, now: number): RotationDecision {
  const next: RotationState = {
    generation: token.generation,
    currentHash: token.doubleHash,
    parentHash: state.currentHash,
    childMintedAt: now,
    childSeenAt: null,
    confirmedAt: now,
  };
  return { outcome: "confirm", next };
}

const isCurrent = (token: PresentedToken, state: RotationState): boolean =>
  token.generation === state.generation && token.doubleHash === state.currentHash;

const isChild = (token: PresentedToken, state: RotationState): boolean =>
  token.generation === state.generation + 1 && token.parentDoubleHash === state.currentHash;

function latest(earlier: number | null, now: number): number {
  return earlier === null ? now : Math.max(earlier, now);
}
