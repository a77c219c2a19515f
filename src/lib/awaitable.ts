/**
 * What is there at once, or comes later. A request whose token this process has seen before has
 * nothing to wait for, and a promise costs more than the look at the token.
 */
export type Awaitable<T> = T | Promise<T>;

/**
 * Whether a value comes later. By its shape: where an app has put another `Promise` in the place of
 * Node's, as zone.js does, the promises of async functions are no instances of it, and one that is
 * taken for a session would let a request pass.
 */
export const isLater = <T>(value: Awaitable<T>): value is Promise<T> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === "function";
