import { type Awaitable, isLater } from "../../awaitable.ts";

/**
 * Goes on with `done` when `work` has ended, in the same tick where there was nothing to wait for;
 * with `failed` where it fails. What `done` itself throws in that tick is its caller's: the routes
 * behind a middleware are the app's.
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
