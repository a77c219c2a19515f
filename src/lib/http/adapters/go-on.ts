import { type Awaitable, isLater } from "../../awaitable.ts";

/**
 * Calls `done` after `work`, in the same tick if nothing has to be awaited, or `failed` if it
 * fails. An error that `done` throws in that tick goes to the caller, because the routes behind a
 * middleware belong to the app.
 */
export function goOn<T>(work: () => Awaitable<T>, done: (value: T) => void, failed: (error: unknown) => void): void {
  let value: Awaitable<T>;
  try {
    value = work();
  } catch (error) {
    failed(error);
    return;
  }
  if (isLater(value)) value.then(done).catch(failed);
  else done(value);
}
