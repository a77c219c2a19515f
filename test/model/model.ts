/**
 * The world around `decideRotation`: one cookie jar shared by any number of tabs, a network that
 * loses, repeats, delays and reorders, a server that may crash before it answers, a user who may
 * sign out everywhere, and a thief who copies the jar once. Everything here is a state and the
 * steps out of it; what may never happen is in explore.ts.
 *
 * - Time is counted in ticks, W is `Bounds.window` ticks. A request and its answer live at most
 *   `life` ticks each (W, unless a run says otherwise) and arrive at any moment of that life, in
 *   any order. The clock may stop for ever between two steps, so all races within one tick are
 *   explored too.
 * - A request that was lost is a request that was not sent, and an answer that was lost is a crash
 *   before the answer: neither needs a step of its own. A repeated request stays on its way when it
 *   is processed, as when a browser sends a POST again by itself. With `Bounds.lossless` every
 *   message arrives: time waits for it.
 * - The server handles a request in one atomic step: the library commits by compare-and-set and
 *   decides again if it loses. It stores `decision.next` as it is. Hashes are the tokens' numbers.
 * - "mint" and "confirm" answer with a new child of the presented token, which the jar takes.
 *   "renew" answers without a refresh cookie; "retry" and a refusal touch nothing. (That a sign-out
 *   clears cookies is left out: it takes power away.)
 * - A new sign-in in the session carries the jar's token and rotates it in the same way, except
 *   that "reuse" there changes nothing. The thief, who has no password, sends none.
 * - The thief sends what it likes of all that it ever held: the copied token or any token that it
 *   was answered with.
 */
import type {
  PresentedToken,
  RotationDecision,
  RotationPolicy,
  RotationState,
} from "../../src/lib/session/rotation.ts";

/** The rule under examination: what ships, or a variant of it. */
export interface Scheme {
  readonly name: string;
  readonly decide: (token: PresentedToken, row: RotationState, now: number, policy: RotationPolicy) => RotationDecision;
  readonly policy: (window: number) => RotationPolicy;
  /** Variant: every child of one token is the same token. */
  readonly sameChildAgain?: boolean;
  /** Variant: the answer of a "renew" carries the presented token, and the client stores it. */
  readonly renewIsStored?: boolean;
  /** Variant: ending the session leaves its row usable. */
  readonly revokedRowStays?: boolean;
  /**
   * What becomes of "reuse": the session ends, or it is reported and renewed, or (a variant)
   * reported and refused. Default: ends.
   */
  readonly onReuse?: "revoke" | "report" | "refuse";
  /** Variant: the child that a new sign-in mints takes over at once. */
  readonly signInTakesOver?: boolean;
}

export interface Bounds {
  /** W in ticks. */
  readonly window: number;
  /** How long a message really lives, in ticks; W unless given. */
  readonly life?: number;
  readonly sends: number;
  /** Refreshes that the thief may send; 0: there is no thief. */
  readonly thiefSends: number;
  readonly repeats: number;
  readonly inFlight: number;
  /** A party waits until its message was answered or has died. */
  readonly oneAtATime?: boolean;
  readonly revocations: number;
  /** How often the user signs in again in the session; the request carries the jar's token. */
  readonly signIns?: number;
  /** Ticks by which the clock of one server may be ahead of another's. */
  readonly skew?: number;
  /** Every request and every answer arrives within its life. */
  readonly lossless?: boolean;
  /** Which tokens have children is part of a state, for the property "single use". */
  readonly countsUses?: boolean;
}

export interface World {
  readonly scheme: Scheme;
  readonly bounds: Bounds;
  readonly policy: RotationPolicy;
  readonly life: number;
  /** Clocks of the servers, relative to true time. */
  readonly clocks: readonly number[];
}

export type Party = "victim" | "thief";
/**
 * `reported`: a reuse that is renewed, by a write that leaves the tokens of the row as they are;
 * `refused`: one that is not.
 */
export type Outcome = RotationDecision["outcome"] | "gone" | "reported" | "refused";

export interface Token {
  readonly generation: number;
  /** Number of its parent; -1: it is the first. */
  readonly parent: number;
  /** For whom it was made: bits of `BIT`. */
  readonly madeFor: number;
}

export interface Message {
  readonly kind: "request" | "sign-in" | "answer";
  readonly party: Party;
  readonly token: number;
  /** Last tick at which it can arrive. */
  readonly dies: number;
}

export interface State {
  readonly now: number;
  /** null: no row any more. */
  readonly row: RotationState | null;
  readonly ended: "" | "user" | "alarm";
  /** All tokens ever made, by number. */
  readonly tokens: readonly Token[];
  /** Token in the victim's jar. */
  readonly jar: number;
  /** What the thief holds, youngest last; empty before the theft. */
  readonly loot: readonly number[];
  readonly messages: readonly Message[];
  readonly sends: number;
  readonly thiefSends: number;
  readonly repeats: number;
  readonly revocations: number;
  readonly signIns: number;
  /**
   * Who lost the race: a token made only for the other party was confirmed, for the first time at
   * `outrunAt`.
   */
  readonly outrun: Party | null;
  readonly outrunAt: number;
}

/** A request met the server. */
export interface Presentation {
  readonly party: Party;
  readonly token: number;
  readonly outcome: Outcome;
  /** Whether it came with a new sign-in, which raises no alarm. */
  readonly isSignIn: boolean;
  /** Token that the answer carries; null: the answer touches no jar. */
  readonly carried: number | null;
  readonly before: State;
  readonly after: State;
}

export interface Step {
  readonly to: State;
  /** In words, when asked for. */
  readonly text: string;
  readonly presentation: Presentation | null;
}

export const BIT: Record<Party, number> = { victim: 1, thief: 2 };
/** Longer than every bound of the rule, in ticks: "any long wait". */
export const LONG_WAIT = 1000;

export function createWorld(scheme: Scheme, bounds: Bounds): World {
  const skew = bounds.skew ?? 0;
  return {
    scheme,
    bounds,
    policy: scheme.policy(bounds.window),
    life: bounds.life ?? bounds.window,
    clocks: skew === 0 ? [0] : [0, skew],
  };
}

export function firstState({ bounds }: World): State {
  return {
    now: 0,
    row: {
      generation: 0,
      currentHash: "0",
      parentHash: null,
      childMintedAt: null,
      childSeenAt: null,
      confirmedAt: null,
    },
    ended: "",
    tokens: [{ generation: 0, parent: -1, madeFor: BIT.victim }],
    jar: 0,
    loot: [],
    messages: [],
    sends: bounds.sends,
    thiefSends: bounds.thiefSends,
    repeats: bounds.repeats,
    revocations: bounds.revocations,
    signIns: bounds.signIns ?? 0,
    outrun: null,
    outrunAt: 0,
  };
}

export function yieldsToken(outcome: Outcome): boolean {
  return outcome === "mint" || outcome === "confirm" || outcome === "renew" || outcome === "reported";
}

/** Presents a token to the server, which decides and commits. */
export function present(
  world: World,
  before: State,
  party: Party,
  number: number,
  now: number = before.now,
  isSignIn = false,
): Presentation {
  const { row } = before;
  const token = tokenOf(before, number);
  const presentation = { party, token: number, before, isSignIn };
  if (row === null) return { ...presentation, outcome: "gone", carried: null, after: before };

  const hashes = { generation: token.generation, doubleHash: String(number), parentDoubleHash: String(token.parent) };
  const decision = world.scheme.decide(hashes, row, now, world.policy);
  const { outcome } = decision;
  switch (outcome) {
    case "mint":
    case "confirm": {
      const outruns =
        outcome === "confirm" && before.outrun === null && before.loot.length > 0 && token.madeFor === BIT[party];
      const outrun = outruns ? { outrun: opponentOf(party), outrunAt: before.now } : {};
      const { tokens, child } = makeChild(world, before, party, number);
      if (isSignIn && world.scheme.signInTakesOver === true) {
        const taken: RotationState = {
          generation: tokens[child]?.generation ?? 0,
          currentHash: String(child),
          parentHash: String(number),
          childMintedAt: null,
          childSeenAt: null,
          confirmedAt: now,
        };
        return { ...presentation, outcome, carried: child, after: { ...before, row: taken, tokens } };
      }
      return { ...presentation, outcome, carried: child, after: { ...before, ...outrun, row: decision.next, tokens } };
    }
    case "renew":
      return {
        ...presentation,
        outcome,
        carried: world.scheme.renewIsStored ? number : null,
        after: { ...before, row: decision.next },
      };
    case "reuse":
      if (isSignIn) return { ...presentation, outcome: "refused", carried: null, after: before };
      switch (world.scheme.onReuse ?? "revoke") {
        case "revoke":
          return { ...presentation, outcome, carried: null, after: end(world, before, "alarm") };
        case "report":
          return { ...presentation, outcome: "reported", carried: null, after: before };
        case "refuse":
          return { ...presentation, outcome: "refused", carried: null, after: before };
      }
    case "retry":
    case "ahead":
      return { ...presentation, outcome, carried: null, after: before };
  }
}

/** The party takes the token that came with an answer. */
export function take(state: State, party: Party, token: number): State {
  if (party === "victim") return state.jar === token ? state : { ...state, jar: token };
  return state.loot.includes(token) ? state : { ...state, loot: [...state.loot, token] };
}

/** Every step that the world can take. */
export function stepsFrom(world: World, state: State, inWords: boolean): Step[] {
  const steps: Step[] = [];
  const add = (to: State, text: (() => string) | null, presentation: Presentation | null = null): void => {
    steps.push({ to, text: inWords && text !== null ? `t=${String(state.now)} ${text()}` : "", presentation });
  };
  const name = (token: number): string => nameOf(state, token);

  if (state.sends > 0 && maySend(world, state, "victim")) {
    const to = { ...state, sends: state.sends - 1, messages: withRequest(world, state, "victim", state.jar) };
    add(to, () => `a tab sends ${name(state.jar)}`);
  }
  if (state.signIns > 0 && maySend(world, state, "victim")) {
    const messages = withRequest(world, state, "victim", state.jar, "sign-in");
    add({ ...state, signIns: state.signIns - 1, messages }, () => `the user signs in again with ${name(state.jar)}`);
  }
  if (state.thiefSends > 0 && maySend(world, state, "thief")) {
    for (const token of state.loot) {
      const to = { ...state, thiefSends: state.thiefSends - 1, messages: withRequest(world, state, "thief", token) };
      add(to, () => `the thief sends ${name(token)}`);
    }
  }
  if (state.thiefSends > 0 && state.loot.length === 0 && state.ended === "") {
    const shared = { ...tokenOf(state, state.jar), madeFor: BIT.victim | BIT.thief };
    add(
      { ...state, loot: [state.jar], tokens: state.tokens.with(state.jar, shared) },
      () => `the thief copies the jar: ${name(state.jar)}`,
    );
  }
  if (state.revocations > 0 && state.ended === "") {
    add({ ...end(world, state, "user"), revocations: state.revocations - 1 }, () => "the user revokes the session");
  }

  for (const [index, message] of state.messages.entries()) {
    if (message.kind === "answer") {
      const to = { ...take(state, message.party, message.token), messages: state.messages.toSpliced(index, 1) };
      add(to, () => `the ${message.party} receives ${name(message.token)}`);
      continue;
    }
    for (const clock of world.clocks) {
      const isSignIn = message.kind === "sign-in";
      const presentation = present(world, state, message.party, message.token, state.now + clock, isSignIn);
      for (const repeated of state.repeats > 0 ? [false, true] : [false]) {
        addAnswers(presentation, index, repeated, clock);
      }
    }
  }

  const later = state.now + 1;
  const alive = state.messages.filter(({ dies }) => dies >= later);
  const loses = alive.length < state.messages.length;
  if (!loses || world.bounds.lossless !== true) add({ ...state, now: later, messages: alive }, null);
  if (state.messages.length === 0) add({ ...state, now: state.now + LONG_WAIT }, () => "all is quiet for long");
  return steps;

  function addAnswers(presentation: Presentation, index: number, repeated: boolean, clock: number): void {
    const { party, token, outcome, carried, after } = presentation;
    const messages = repeated ? state.messages : state.messages.toSpliced(index, 1);
    const { lossless = false, inFlight } = world.bounds;
    const fits = messages.length < inFlight;
    if (lossless && !fits) return;
    const to = repeated ? { ...after, repeats: state.repeats - 1, messages } : { ...after, messages };
    const fate = (crash: boolean) => (): string => {
      const what =
        carried === null ? outcome : `${outcome}, answer ${nameOf(after, carried)}${crash ? " is lost" : ""}`;
      const where = clock === 0 ? "the server" : `a server whose clock is ${String(clock)} ahead`;
      return `${where} gets ${name(token)} of the ${party}: ${what}${repeated ? " (the request will be repeated)" : ""}`;
    };
    if (carried === null || !lossless) add(to, fate(true), presentation);
    if (carried === null || !fits) return;
    const answer: Message = { kind: "answer", party, token: carried, dies: state.now + world.life };
    add({ ...to, messages: [...messages, answer] }, fate(false), presentation);
  }
}

/** For instance g2b: the second token of generation 2. */
export function nameOf({ tokens }: State, number: number): string {
  const generation = tokens[number]?.generation ?? 0;
  const older = tokens.slice(0, number).filter((token) => token.generation === generation).length;
  return generation === 0 ? "g0" : `g${String(generation)}${String.fromCharCode(97 + older)}`;
}

export function tokenOf({ tokens }: State, number: number): Token {
  const token = tokens[number];
  if (token === undefined) throw new Error(`no token ${String(number)}`);
  return token;
}

/** Whether a child was ever made of it, or more than one. */
export function wasUsed({ tokens }: State, number: number): boolean {
  return tokens.some(({ parent }) => parent === number);
}

export function opponentOf(party: Party): Party {
  return party === "victim" ? "thief" : "victim";
}

function makeChild(
  world: World,
  { tokens }: State,
  party: Party,
  parent: number,
): { tokens: readonly Token[]; child: number } {
  const known = world.scheme.sameChildAgain ? tokens.findIndex((token) => token.parent === parent) : -1;
  const twin = tokens[known];
  if (twin !== undefined)
    return { tokens: tokens.with(known, { ...twin, madeFor: twin.madeFor | BIT[party] }), child: known };
  const generation = (tokens[parent]?.generation ?? 0) + 1;
  return { tokens: [...tokens, { generation, parent, madeFor: BIT[party] }], child: tokens.length };
}

function end({ scheme }: World, state: State, ended: "user" | "alarm"): State {
  return { ...state, ended, row: scheme.revokedRowStays ? state.row : null };
}

function maySend({ bounds }: World, { messages }: State, party: Party): boolean {
  if (messages.length >= bounds.inFlight) return false;
  return !bounds.oneAtATime || !messages.some((message) => message.party === party);
}

function withRequest(
  world: World,
  state: State,
  party: Party,
  token: number,
  kind: Message["kind"] = "request",
): readonly Message[] {
  return [...state.messages, { kind, party, token, dies: state.now + world.life }];
}
