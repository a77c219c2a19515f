/**
 * P2 (c): victim and thief cannot walk beside each other.
 *
 * It starts from every quiet state of the world with a thief in which both hold a token and the
 * session lives: whatever was on its way has arrived or died. From there on nothing is lost, and
 * both keep refreshing, each at intervals of more than 4 W, in every order and at every distance
 * from each other. A request and its answer take at most W each, so the server sees the requests of
 * one party more than 3 W apart, and each party has its answer before its next request: a refresh
 * is one step. The victim presents what its jar holds, the thief whatever it likes of what it ever
 * held.
 *
 * A round is over when each party has refreshed since the last one was over. The claim: the session
 * has ended by "reuse" before that many rounds are over; `served` counts only refreshes that
 * yielded a token, so it says how long both live on the session. The figures are in
 * rotation-model.test.ts. They are small but not 1: until an own token is confirmed both are
 * served, and a thief who comes within W of the victim's first use of a child can still present the
 * old token, which puts the settling off once. Who stays further away than W shares no more than
 * one round after the fork.
 */
import { explore, search } from "./explore.ts";
import type { Found } from "./explore.ts";
import { BIT, createWorld, nameOf, opponentOf, present, take, tokenOf, yieldsToken } from "./model.ts";
import type { Bounds, Party, Scheme, State, World } from "./model.ts";
import { describeState } from "./state-key.ts";

interface Walker {
  /** Has refreshed in this round. */
  readonly refreshed: boolean;
  readonly last: number;
}

interface Walk extends Readonly<Record<Party, Walker>> {
  readonly state: State;
  readonly rounds: number;
}

interface WalkStep {
  readonly to: Walk;
  readonly text: string;
}

export interface WalkStarts {
  readonly world: World;
  /** With what led there, in words. */
  readonly starts: readonly { readonly state: State; readonly trace: () => string[] }[];
}

/**
 * Only those in which the line has forked: each party holds a child of its own of the current
 * token.
 */
export function afterFork({ world, starts }: WalkStarts): WalkStarts {
  const forked = starts.filter(({ state }) => {
    const holdsChild = (party: Party, token: number): boolean => {
      const { madeFor, parent } = tokenOf(state, token);
      return madeFor === BIT[party] && String(parent) === state.row?.currentHash;
    };
    return holdsChild("victim", state.jar) && state.loot.some((token) => holdsChild("thief", token));
  });
  return { world, starts: forked };
}

/** The quiet states, each once, that a theft leads to. */
export function findWalkStarts(scheme: Scheme, bounds: Bounds): WalkStarts {
  const world = createWorld(scheme, bounds);
  const starts = new Map<string, WalkStarts["starts"][number]>();
  explore(scheme, bounds, [], (reached, trace) => {
    if (reached.messages.length > 0 || reached.loot.length === 0 || reached.ended !== "") return;
    const state = { ...reached, sends: 0, thiefSends: 0, repeats: 0, revocations: 0, outrun: null };
    const key = describeState(world, state);
    if (!starts.has(key)) starts.set(key, { state, trace });
  });
  return { world, starts: [...starts.values()] };
}

export interface WalkRules {
  readonly rounds: number;
  /**
   * What counts as having refreshed: every answer, or only one that yields a token. Default: every.
   */
  readonly counted?: "every" | "served";
  /** Ticks that lie at least between the requests of different parties. Default: 0. */
  readonly apart?: number;
}

export function walk({ world, starts }: WalkStarts, { rounds, counted = "every", apart = 0 }: WalkRules): Found {
  const gap = 3 * world.bounds.window + 1;
  const found = search<Walk, WalkStep>({
    starts: starts.map(({ state }) => ({
      state: sortLoot(state),
      rounds: 0,
      victim: rested(state),
      thief: rested(state),
    })),
    key: (at) =>
      describeState(world, at.state) +
      String.fromCharCode(at.rounds) +
      describeWalker(at, "victim") +
      describeWalker(at, "thief"),
    steps: (at) => {
      const { state } = at;
      if (state.ended !== "") return [];
      const steps: WalkStep[] = [{ to: { ...at, state: { ...state, now: state.now + 1 } }, text: "" }];
      for (const party of ["victim", "thief"] as const) {
        if (state.now - at[party].last < gap || state.now - at[opponentOf(party)].last < apart) continue;
        for (const token of party === "victim" ? [state.jar] : state.loot) {
          const { outcome, carried, after } = present(world, state, party, token);
          const refreshed = at[party].refreshed || counted === "every" || yieldsToken(outcome);
          const to = {
            ...at,
            [party]: { refreshed, last: state.now },
            state: carried === null ? after : sortLoot(take(after, party, carried)),
          };
          const answer = carried === null ? outcome : `${outcome} ${nameOf(after, carried)}`;
          steps.push({
            to: turn(to),
            text: `t=${String(state.now)} the ${party} refreshes with ${nameOf(state, token)}: ${answer}`,
          });
        }
      }
      return steps;
    },
    faultOfStep: () => null,
    faultOfState: (at) =>
      at.state.ended === "" && at.rounds >= rounds
        ? `P2c: after ${String(rounds)} rounds beside each other there was no alarm`
        : null,
  });
  if (found.counterexample === null) return found;
  return { ...found, counterexample: [...(starts[found.start]?.trace() ?? []), ...found.counterexample] };

  function rested(state: State): Walker {
    return { refreshed: false, last: state.now - gap };
  }

  function describeWalker({ state, ...at }: Walk, party: Party): string {
    return String.fromCharCode(at[party].refreshed ? 1 : 0, Math.min(state.now - at[party].last, gap));
  }

  function turn(at: Walk): Walk {
    if (!at.victim.refreshed || !at.thief.refreshed) return at;
    return {
      ...at,
      rounds: at.rounds + 1,
      victim: { ...at.victim, refreshed: false },
      thief: { ...at.thief, refreshed: false },
    };
  }
}

/** The smallest number of rounds that holds, up to `most`; null: none does. */
export function fewestRounds(starts: WalkStarts, most: number, rules: Omit<WalkRules, "rounds"> = {}): number | null {
  for (let rounds = 1; rounds <= most; rounds += 1) {
    if (walk(starts, { ...rules, rounds }).counterexample === null) return rounds;
  }
  return null;
}

/**
 * Of tokens that behave alike the thief keeps one: of the children of one parent, and of all that
 * are long superseded.
 */
function sortLoot(state: State): State {
  const kinds = new Map<string, number>();
  const current = Number(state.row?.currentHash);
  for (const token of state.loot) {
    const { generation, parent } = tokenOf(state, token);
    const long = generation < (state.row?.generation ?? 0) - 2;
    kinds.set(
      token === current || token === state.jar
        ? String(token)
        : long
          ? "long superseded"
          : `child of ${String(parent)}`,
      token,
    );
  }
  return { ...state, loot: [...kinds.values()].toSorted((one, other) => one - other) };
}
