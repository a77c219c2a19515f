/**
 * A short string that is equal for two states only if they behave alike: times as ages, cut off
 * just above the greatest bound that the rule compares them with; generations relative to the row;
 * tokens renumbered in the order of their holders, and only those that someone holds.
 */
import { tokenOf, wasUsed } from "./model.ts";
import type { Message, State, World } from "./model.ts";

export function describeState(world: World, state: State): string {
  const { row, tokens, loot, messages, now } = state;
  const { window, settle } = world.policy;
  const limit = Math.max(window, settle, world.bounds.window) + (world.bounds.skew ?? 0) + 1;

  const parts = [
    state.sends,
    state.thiefSends,
    state.repeats,
    state.revocations,
    state.signIns,
    ENDS.indexOf(state.ended),
  ];
  parts.push(PARTIES.indexOf(state.outrun), state.outrun === null ? 0 : Math.min(now - state.outrunAt, limit));
  parts.push(loot.length, messages.length);
  if (row === null) {
    // Nothing depends any more on which token is where.
    return encode([...parts, ...messages.map(describeMessage).toSorted((one, other) => one - other)]);
  }

  const labels = new Map<number, number>();
  const label = (token: number): number => {
    const known = labels.get(token) ?? labels.size;
    labels.set(token, known);
    return known;
  };

  const current = Number(row.currentHash);
  label(current);
  if (world.scheme.sameChildAgain) {
    const child = tokens.findIndex(({ parent }) => parent === current);
    if (child >= 0) label(child);
  }
  parts.push(describeAge(row.childMintedAt), describeAge(row.childSeenAt), describeAge(row.confirmedAt));
  parts.push(label(state.jar), ...loot.map(label));
  const ranked = messages.length < 2 ? messages : messages.toSorted((one, other) => rank(one) - rank(other));
  for (const message of ranked) parts.push(describeMessage(message), label(message.token));
  for (const number of labels.keys()) {
    const { generation, parent, madeFor } = tokenOf(state, number);
    parts.push(Math.max(generation - row.generation, -3) + 3, (labels.get(parent) ?? -1) + 1, madeFor);
    if (world.bounds.countsUses === true) parts.push(wasUsed(state, number) ? 1 : 0);
  }
  return encode(parts);

  function describeAge(time: number | null): number {
    return time === null ? 0 : Math.min(now - time, limit) + limit + 1;
  }

  function describeMessage({ kind, party, dies }: Message): number {
    return (dies - now) * 8 + KINDS.indexOf(kind) * 2 + PARTIES.indexOf(party) - 1;
  }

  /** Orders messages by what can be told without the labels that depend on the order. */
  function rank(message: Message): number {
    const { generation, parent, madeFor } = tokenOf(state, message.token);
    const role = message.token === current ? 0 : parent === current ? 1 : 2;
    const digits = [describeMessage(message), role, generation, madeFor, labels.get(message.token) ?? 63];
    return digits.reduce((sum, digit) => sum * 64 + digit, 0);
  }
}

const KINDS: readonly Message["kind"][] = ["request", "answer", "sign-in"];
const ENDS = ["", "user", "alarm"];
const PARTIES: readonly (string | null)[] = [null, "victim", "thief"];

function encode(parts: readonly number[]): string {
  return String.fromCharCode(...parts);
}
