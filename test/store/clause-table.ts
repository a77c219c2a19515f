import { storeClauses } from "../../src/lib/testing/store-clauses.ts";

/** Which clauses hold on which store. */
export interface ClauseTable {
  /** A store that will be tested; its row comes after those that were added before. */
  readonly add: (store: string) => void;
  readonly holds: (store: string, id: string) => void;
  /** One line per store, one column per group of clauses: the numbers of those that hold, `x` for one that does not. */
  readonly print: () => string;
}

const groupOf = (id: string): string => id.slice(0, id.lastIndexOf("-"));

export function createClauseTable(): ClauseTable {
  const held = new Map<string, Set<string>>();
  const groups = [...new Set(storeClauses.map(({ id }) => groupOf(id)))];

  const cell = (store: string, group: string): string =>
    storeClauses
      .filter(({ id }) => groupOf(id) === group)
      .map(({ id }) => (held.get(store)?.has(id) === true ? id.slice(group.length + 1) : "x"))
      .join("");

  return {
    add: (store) => void held.set(store, new Set()),
    holds: (store, id) => void held.get(store)?.add(id),
    print() {
      const lines = [
        ["", ...groups],
        ...[...held.keys()].map((store) => [store, ...groups.map((g) => cell(store, g))]),
      ];
      const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
      return lines.map((line) => line.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" ")).join("\n");
    },
  };
}
