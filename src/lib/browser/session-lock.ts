import type { ClientSettings } from "./client-options.ts";

/**
 * Runs a network call while no other tab or worker of this origin runs one under the same name.
 * After `lockTimeout` ms it stops waiting for a frozen holder, because the server tolerates two
 * calls at once. No code of the app runs under the lock, which prevents deadlocks.
 *
 * After the timeout the waiting tabs go on one by one with a second lock, and with the same limit.
 *
 * @param onWait gets a function that ends the wait with a result; the call is then not made. It has
 * no effect once the call has begun.
 */
export async function withLock<T>(
  { name, lockTimeout }: ClientSettings,
  call: () => Promise<T>,
  onWait?: (stop: (result: T | undefined) => void) => void,
): Promise<T> {
  // Only secure contexts have locks. Those of a server are not for browsers, and its users need not
  // wait for each other.
  const locks = globalThis.location && (navigator.locks as LockManager | undefined);
  if (!locks) return call();
  let outcome: T | Promise<T> | undefined;
  for (const turn of ["", "+"]) {
    const waiting = new AbortController();
    const stop = (): void => waiting.abort();
    AbortSignal.timeout(lockTimeout).addEventListener("abort", stop);
    onWait?.((result) => {
      outcome ??= result;
      if (outcome) stop();
    });
    await locks.request(name + turn, { signal: waiting.signal }, () => (outcome ??= call())).catch(() => undefined);
    if (outcome) return outcome;
  }
  return call();
}
