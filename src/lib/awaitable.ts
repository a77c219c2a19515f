/**
 * What is there at once, or comes later. A request whose token this process has seen before has
 * nothing to wait for, and a promise costs more than the look at the token.
 */
export type Awaitable<T> = T | Promise<T>;
