/** Each time another order, so that no contender always comes after the same one. */
export const shuffle = <T>(values: readonly T[]): readonly T[] =>
  values
    .map((value) => ({ value, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
