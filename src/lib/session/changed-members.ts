/**
 * Compares two JSON values member by member.
 *
 * @returns the names of the members that were added, removed or have another value; none if one of
 *   the values is no object
 */
export function changedMembers(before: unknown, after: unknown): readonly string[] {
  if (!isJsonObject(before) || !isJsonObject(after)) return [];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => textOf(before, name) !== textOf(after, name));
}

const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The order of members within a value is a difference, too. */
const textOf = (value: object, name: string): string | undefined =>
  Object.hasOwn(value, name) ? JSON.stringify(Reflect.get(value, name)) : undefined;
