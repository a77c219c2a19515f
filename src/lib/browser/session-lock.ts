/**
 * Runs a network call while no other tab or worker of this origin runs one under the same name. A
 * holder that is frozen, or hangs, is waited for no longer than `timeout` ms: the server tolerates
 * two at once, a page that waits for ever helps nobody. Never held around code of the app, so that
 * no deadlock can be built with it.
 *
 * Those who have waited in vain do not all go ahead at once: they take turns by a second lock, and
 * are waited for as long once more.
 */
export async function withLock<T>(name: string, timeout: number, call: () => Promise<T>, isLate = false): Promise<T> {
  // Only there in secure contexts. Those of a server are no browser's, and its users need not wait
  // for each other.
  const locks = globalThis.location && (navigator.locks as LockManager | undefined);
  if (!locks) return call();
  let granted: Promise<T> | undefined;
  const waitAgain = (): Promise<T> => granted ?? (isLate ? call() : withLock(`${name}+`, timeout, call, true));
  return locks.request(name, { signal: AbortSignal.timeout(timeout) }, () => (granted = call())).catch(waitAgain);
}
