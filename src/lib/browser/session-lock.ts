import type { ClientSettings } from "./client-options.ts";

/**
 * Runs a network call while no other tab or worker of this origin runs one under the same name. A
 * holder that is frozen, or hangs, is waited for no longer than `lockTimeout` ms: the server
 * tolerates two at once, a page that waits for ever helps nobody. Never held around code of the
 * app, so that no deadlock can be built with it.
 *
 * Those who have waited in vain do not all go ahead at once: they take turns by a second lock, and
 * are waited for as long once more.
 *
 * @param onWait gets a function that ends the wait with a result; the call is then not made. It has
 *   no effect once the call has begun.
 */
export async function withLock<T>(
  { name, lockTimeout }: ClientSettings,
  call: () => Promise<T>,
  onWait?: (stop: (result: T | undefined) => void) => void,
): Promise<T> {
  // Only there in secure contexts. Those of a server are no browser's, and its users need not wait
  // for each other.
  const locks = globalThis.location && (navigator.locks as LockManager | undefined);
  if (!locks) return call();
  let outcome: T | Promise<T> | undefined;
  for (const turn of [name, `${name}+`]) {
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    AbortSignal.timeout(lockTimeout).addEventListener("abort", stop);
    onWait?.((result) => {
      outcome ??= result;
      if (outcome) stop();
    });
    await locks.request(turn, { signal: waiting.signal }, () => (outcome ??= call())).catch(() => undefined);
    if (outcome) return outcome;
  }
  return call();
}
