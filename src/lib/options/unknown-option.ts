/** Longer than any option, because the work grows with the length. */
const MAX_LENGTH = 40;

/**
 * Suggests for an unknown option the known one that was probably meant, or all of them.
 *
 * @param known the known options
 * @example describeKnown("sekret", ["secret", "store"]); // "did you mean secret?"
 */
export function describeKnown(name: string, known: readonly string[]): string {
  const near = findNearest(name, known);
  return near === undefined ? `known here: ${known.join(", ")}` : `did you mean ${near}?`;
}

/** Ignores case, and allows one typo per three letters, two at most. */
function findNearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  let nearest: string | undefined;
  let fewest = Math.min(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const slips = countSlips(name.toLowerCase(), candidate.toLowerCase());
    if (slips >= fewest) continue;
    fewest = slips;
    nearest = candidate;
  }
  return nearest;
}

/**
 * The number of letters that were omitted, added, replaced or swapped with the next one (the
 * optimal string alignment distance).
 */
function countSlips(given: string, meant: string): number {
  const width = meant.length + 1;
  // Row by row: the typos between the first letters of `given` and of `meant`.
  const slips: number[] = Array.from({ length: width }, (_, column) => column);
  const at = (row: number, column: number): number => slips[row * width + column] ?? 0;
  for (let row = 1; row <= given.length; row += 1) {
    slips.push(row);
    for (let column = 1; column < width; column += 1) {
      const isSame = given[row - 1] === meant[column - 1];
      const isSwapped =
        row > 1 && column > 1 && given[row - 1] === meant[column - 2] && given[row - 2] === meant[column - 1];
      slips.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (isSame ? 0 : 1),
          isSwapped ? at(row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return at(given.length, meant.length);
}
