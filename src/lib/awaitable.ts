/**
 * A value, or a promise of it. A cached token needs no I/O, and a promise costs more than its
 * lookup.
 */
export type Awaitable<T> = T | Promise<T>;

/**
 * Whether a value is a promise, by its shape. If an app replaces `Promise`, as zone.js does,
 * promises of async functions are no instances of it, and one that is taken for a session would let
 * a request pass.
 */
export const isLater = <T>(value: Awaitable<T>): value is Promise<T> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
