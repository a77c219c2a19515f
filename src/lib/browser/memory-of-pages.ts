import type { KnownSession } from "./known-session.ts";

/** What one page leaves to the next one: who is signed in, or whose sign-out the server has not heard yet. */
export interface Remembered extends Partial<KnownSession> {
  /** When it was written, by the clock of this browser, in ms. */
  readonly at?: number;
  /** Whether the marker cookie can be read by the page. */
  readonly isReadable?: boolean;
  /** Handle of a session that was signed out here. */
  readonly ended?: string | undefined;
  /** Whether the server has not heard of that yet. */
  readonly isUntold?: boolean;
}

/** Empty where nothing is stored, or the browser stores nothing for this page. */
export function recall(name: string): Remembered {
  try {
    return (JSON.parse(localStorage.getItem(name) ?? "{}") ?? {}) as Remembered;
  } catch {
    return {};
  }
}

export function remember(name: string, what: Remembered | undefined): void {
  try {
    if (what === undefined) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(what));
  } catch {
    // Then each page asks once.
  }
}
