/** Listens to the page, as long as there is one to listen to: not on a server. */
export function listen(event: string, life: AbortSignal, listener: (event: Event) => void): void {
  globalThis.addEventListener?.(event, listener, { signal: life });
}
