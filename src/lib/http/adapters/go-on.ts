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
    if (isLater(value)) {
      goOnLater(value, done, failed);
      return;
    }
  } catch (error) {
    failed(error);
    return;
  }
  done(value);
}

/** What an app's handler returns may have a `then`, and be no promise. */
function goOnLater<T>(value: PromiseLike<T>, done: (value: T) => void, failed: (error: unknown) => void): void {
  const attempt = (given: T): void => {
    try {
      done(given);
    } catch (error) {
      failed(error);
    }
  };
  void Promise.resolve(value).then(attempt, failed);
}
