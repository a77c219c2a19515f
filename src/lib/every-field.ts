/**
 * The names of all fields of `T`, in the order given. A field that is forgotten, or that there is
 * not, is an error of types.
 *
 * @example everyField<{ a: number; b: string }>({ a: true, b: true }) // ["a", "b"]
 */
export const everyField = <T extends object>(
  fields: Readonly<Record<keyof T & string, true>>,
): readonly (keyof T & string)[] => Object.keys(fields) as (keyof T & string)[];
