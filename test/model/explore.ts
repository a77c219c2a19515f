/**
 * Breadth-first search through every state of a model, the verdicts, and the shortest trace to what
 * breaks one.
 *
 * P1, without a thief: (alarm) no presentation is "reuse" or "ahead"; (lock-out) in every quiet
 * state, nothing on its way and the session not revoked by its user, the token in the jar yields a
 * token, now and after any long wait.
 *
 * P2, with a thief. A token is a party's own when it was made for that party's requests only; the
 * copied token is shared. From the first confirmation of an own token after the theft the other
 * party is outrun, and (a) it is never given a token again, so none of its own is ever confirmed;
 * (b) what it presents more than W after that confirmation is "reuse" and ends the session, at the
 * first time; (c) until then they do not walk beside each other for long: see walk.ts. "ahead"
 * never happens here either.
 *
 * Single use, with or without a thief: a token yields a token at most once, and then a new one.
 *
 * Nobody thrown out, where reuse is only reported: the session never ends but by its user, and
 * every token that anybody holds yields a token after any long wait, whatever went before.
 *
 * P3: once the session has ended, by its user or by an alarm, no presentation yields a token. The
 * decision has little part in that: the model only says that nothing on its way helps while each
 * request is atomic. The race is a test of stores.
 */
import { describeState } from "./state-key.ts";
import { createWorld, firstState, LONG_WAIT, nameOf, present, stepsFrom, wasUsed, yieldsToken } from "./model.ts";
import type { Bounds, Presentation, Scheme, State, Step, World } from "./model.ts";

export type Property = "P1" | "P2" | "P3" | "single use" | "nobody thrown out";

export interface Graph<S, T extends { readonly to: S; readonly text: string }> {
  readonly starts: readonly S[];
  /** Equal for states that behave alike. */
  readonly key: (state: S) => string;
  readonly steps: (state: S, inWords: boolean) => readonly T[];
  readonly faultOfStep: (step: T) => string | null;
  readonly faultOfState: (state: S) => string | null;
  readonly visit?: (state: S, trace: () => string[]) => void;
}

export interface Found {
  readonly states: number;
  readonly seconds: number;
  /** Steps to the first fault in words, the fault last; null: the property holds. */
  readonly counterexample: readonly string[] | null;
  /** Which of the starts the counterexample begins with. */
  readonly start: number;
}

export function search<S, T extends { readonly to: S; readonly text: string }>(graph: Graph<S, T>): Found {
  const began = performance.now();
  const seen = new Set<string>();
  // Where each state was reached from: the state's number and which of its steps; a start has no
  // origin.
  const origins: number[] = [];
  const branches: number[] = [];
  let frontier: { state: S; number: number }[] = [];

  const pathTo = (number: number): { start: number; path: number[] } => {
    const path: number[] = [];
    let at = number;
    for (; (origins[at] ?? -1) >= 0; at = origins[at] ?? -1) path.unshift(branches[at] ?? 0);
    return { start: branches[at] ?? 0, path };
  };
  const trace = (number: number): string[] => {
    const { start, path } = pathTo(number);
    let state = graph.starts[start];
    const words: string[] = [];
    for (const branch of path) {
      const step: T | undefined = state === undefined ? undefined : graph.steps(state, true)[branch];
      if (step === undefined) throw new Error("the steps of a state differ from one call to the next");
      if (step.text !== "") words.push(step.text);
      state = step.to;
    }
    return words;
  };
  const found = (counterexample: string[] | null, start = 0): Found => ({
    states: seen.size,
    seconds: (performance.now() - began) / 1000,
    counterexample,
    start,
  });

  const enter = (state: S, origin: number, branch: number): string | null => {
    const key = graph.key(state);
    if (seen.has(key)) return null;
    seen.add(key);
    const number = origins.push(origin) - 1;
    branches.push(branch);
    frontier.push({ state, number });
    graph.visit?.(state, () => trace(number));
    return graph.faultOfState(state);
  };

  for (const [branch, start] of graph.starts.entries()) {
    const fault = enter(start, -1, branch);
    if (fault !== null) return found([fault], branch);
  }
  while (frontier.length > 0) {
    const level = frontier;
    frontier = [];
    for (const { state, number } of level) {
      for (const [branch, step] of graph.steps(state, false).entries()) {
        const fault = graph.faultOfStep(step) ?? enter(step.to, number, branch);
        if (fault === null) continue;
        const last = graph.steps(state, true)[branch]?.text ?? "";
        return found(
          [...trace(number), last, fault].filter((line) => line !== ""),
          pathTo(number).start,
        );
      }
    }
  }
  return found(null);
}

/** Explores the whole world and checks the properties named. */
export function explore(
  scheme: Scheme,
  bounds: Bounds,
  properties: readonly Property[],
  visit?: Graph<State, Step>["visit"],
): Found {
  const countsUses = properties.includes("single use");
  const world = createWorld(scheme, { ...bounds, countsUses });
  const p1 = properties.includes("P1");
  return search<State, Step>({
    starts: [firstState(world)],
    key: (state) => describeState(world, state),
    steps: (state, inWords) => stepsFrom(world, state, inWords),
    faultOfStep({ presentation }) {
      if (presentation === null) return null;
      if (p1 && isFalseAlarm(presentation)) return `P1: "${presentation.outcome}" without a thief`;
      if (properties.includes("P2")) {
        const breach = breachOfContainment(world, presentation);
        if (breach !== null) return breach;
      }
      if (countsUses) {
        const breach = breachOfSingleUse(presentation);
        if (breach !== null) return breach;
      }
      if (properties.includes("P3") && presentation.before.ended !== "" && yieldsToken(presentation.outcome)) {
        return `P3: the session had ended, and the outcome is "${presentation.outcome}"`;
      }
      return null;
    },
    faultOfState: (state) =>
      (p1 ? lockOut(world, state) : null) ??
      (properties.includes("nobody thrown out") ? thrownOut(world, state) : null),
    ...(visit === undefined ? {} : { visit }),
  });
}

function isFalseAlarm({ outcome }: Presentation): boolean {
  return outcome === "reuse" || outcome === "reported" || outcome === "ahead";
}

function lockOut(world: World, state: State): string | null {
  if (state.messages.length > 0 || state.ended !== "") return null;
  for (const wait of [LONG_WAIT, 0]) {
    for (const clock of world.clocks) {
      const { outcome } = present(world, state, "victim", state.jar, state.now + wait + clock);
      if (yieldsToken(outcome)) continue;
      const when = wait === 0 ? "at once" : "after a long wait";
      return `P1: all is quiet, the jar holds ${nameOf(state, state.jar)}, and its next refresh, ${when}, is "${outcome}"`;
    }
  }
  return null;
}

function thrownOut(world: World, state: State): string | null {
  if (state.ended === "alarm") return "thrown out: an alarm has ended the session";
  if (state.ended === "user") return null;
  for (const token of new Set([state.jar, ...state.loot])) {
    const { outcome } = present(world, state, "victim", token, state.now + LONG_WAIT);
    if (!yieldsToken(outcome)) return `thrown out: after a long wait ${nameOf(state, token)} gets "${outcome}"`;
  }
  return null;
}

function breachOfSingleUse({ token, outcome, before }: Presentation): string | null {
  if (!yieldsToken(outcome)) return null;
  if (wasUsed(before, token)) return `single use: ${nameOf(before, token)} was used before, and gets "${outcome}"`;
  return outcome === "renew" ? `single use: ${nameOf(before, token)} gets "renew", so it stays good` : null;
}

function breachOfContainment(
  { bounds }: World,
  { party, token, outcome, before, isSignIn }: Presentation,
): string | null {
  const { row, now } = before;
  if (outcome === "ahead") return `P2: "ahead" although the store lost nothing`;
  if (party !== before.outrun || before.ended !== "" || row === null) return null;
  if (yieldsToken(outcome)) return `P2a: the ${party} was outrun, and ${nameOf(before, token)} still gets "${outcome}"`;
  // The next refresh raises the alarm.
  if (isSignIn) return null;
  const since = now - before.outrunAt;
  if (since <= bounds.window || outcome === "reuse") return null;
  return `P2b: the ${party} was outrun ${String(since)} ticks ago, and ${nameOf(before, token)} gets "${outcome}", no alarm`;
}
