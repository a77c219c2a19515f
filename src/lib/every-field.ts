/**
 * Lists the names of all fields of `T` in the given order. A missing or unknown field is a type
 * error.
 *
 * @example everyField<{ a: number; b: string }>({ a: true, b: true }) // ["a", "b"]
 */
export const everyField = <T extends object>(
  fields: Readonly<Record<keyof T & string, true>>,
): readonly (keyof T & string)[] => Object.keys(fields) as (keyof T & string)[];
