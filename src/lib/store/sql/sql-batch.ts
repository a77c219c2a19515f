/** Batches of D1: statements that share one list of values. */
import type { BatchedStatement } from "./sql-text.ts";

export interface Batch {
  readonly statements: readonly BatchedStatement[];
  /** The indices of the next values of the list. */
  readonly take: (count: number) => readonly number[];
  readonly add: (text: string, values: readonly number[]) => void;
}

export function createBatch(): Batch {
  const statements: BatchedStatement[] = [];
  let taken = 0;
  return {
    statements,
    take(count) {
      const indices = Array.from({ length: count }, (_, index) => taken + index);
      taken += count;
      return indices;
    },
    add: (text, values) => void statements.push({ text, values }),
  };
}

/** How many placeholders a text has. No text has a question mark for anything else. */
export const countMarks = (text: string): number => text.split("?").length - 1;
