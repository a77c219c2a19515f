/**
 * A short string that is equal for two states only if they behave alike: times as ages, cut off just above the greatest
 * bound that the rule compares them with; tokens renumbered in the order of their holders, and only those that someone holds.
 */
import type { Message, State, Token, World } from "./model.ts";

export function describeState(world: World, state: State): string {
  const { row, tokens, jar, loot, messages, now } = state;
  const { window, settle } = world.policy;
  const limit = Math.max(window, settle, world.bounds.window) + (world.bounds.skew ?? 0) + 1;
  const parts = [
    state.sends,
    state.thiefSends,
    state.repeats,
    state.revocations,
    ENDS.indexOf(state.ended),
    loot.length,
  ];
  parts.push(
    state.outrun === null ? 0 : state.outrun === "victim" ? 1 : 2,
    state.outrun === null ? 0 : Math.min(now - state.outrunAt, limit),
  );

  const labels = new Map<number, number>();
  const label = (token: number): number => {
    const known = labels.get(token);
    if (known !== undefined) return known;
    labels.set(token, labels.size);
    return labels.size - 1;
  };

  // Without a row nothing can happen any more that depends on which token is where.
  if (row === null) {
    for (const { kind, party, dies } of messages)
      parts.push(kind === "request" ? 1 : 2, party === "victim" ? 1 : 2, dies - now);
    return encode(parts);
  }

  const current = Number(row.currentHash);
  label(current);
  if (world.scheme.sameChildAgain) {
    const child = tokens.findIndex(({ parent }) => parent === current);
    if (child >= 0) label(child);
  }
  parts.push(age(row.childMintedAt), age(row.childSeenAt), age(row.confirmedAt));
  parts.push(label(jar));
  for (const token of loot) parts.push(label(token));
  const ranked = messages.length < 2 ? messages : messages.toSorted((one, other) => rank(one) - rank(other));
  for (const message of ranked)
    parts.push(
      message.kind === "request" ? 1 : 2,
      message.party === "victim" ? 1 : 2,
      message.dies - now,
      label(message.token),
    );
  for (const number of labels.keys()) {
    const { generation, parent, madeFor } = tokens[number] as Token;
    // Without a thief it does not matter for whom a token was made.
    parts.push(
      Math.max(generation - row.generation, -3) + 3,
      (labels.get(parent) ?? -1) + 1,
      loot.length > 0 ? madeFor : 0,
    );
  }
  return encode(parts);

  function age(time: number | null): number {
    return time === null ? 0 : Math.min(now - time, limit) + limit + 1;
  }

  function rank({ kind, party, dies, token }: Message): number {
    const { generation, parent } = tokens[token] as Token;
    const role = token === current ? 0 : parent === current ? 1 : 2;
    const shared = [kind === "request" ? 0 : 1, party === "victim" ? 0 : 1, dies - now, role, generation];
    return shared.reduce((sum, part) => sum * 16 + part, 0) * 64 + (labels.get(token) ?? 63);
  }
}

const ENDS = ["", "user", "alarm"];

function encode(parts: readonly number[]): string {
  return String.fromCharCode(...parts);
}
