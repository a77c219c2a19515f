/** Listens to the page. On a server there is none. */
export function listen(event: string, life: AbortSignal, listener: (event: Event) => void): void {
  globalThis.addEventListener?.(event, listener, { signal: life });
}
