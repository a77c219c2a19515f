import type { KnownSession } from "./known-session.ts";
import { undefinedOnError } from "./undefined-on-error.ts";

/**
 * What one page leaves to the next one: who is signed in, or whose sign-out the server has not
 * heard yet.
 */
export interface Remembered extends Partial<KnownSession> {
  /** Whether the marker cookie can be read by the page. */
  readonly isReadable?: boolean;
  /** Handle of a session that was signed out here, until the server has heard of it. */
  readonly ended?: string | undefined;
}

/** Empty where nothing is stored, or the browser stores nothing for this page. */
export function recall(name: string): Remembered {
  return undefinedOnError(() => JSON.parse(localStorage.getItem(name) as string) as Remembered | null) ?? {};
}

/** Where it cannot be stored, each page asks once. */
export function remember(name: string, what: Remembered): void {
  undefinedOnError(() => localStorage.setItem(name, JSON.stringify(what)));
}
