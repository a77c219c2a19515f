import type { KnownSession } from "./known-session.ts";
import { undefinedOnError } from "./undefined-on-error.ts";

/**
 * What a page stores for the next one: the user, or a sign-out that the server has not confirmed.
 */
export interface Remembered extends Partial<KnownSession> {
  /** Whether the page can read the marker cookie. */
  readonly isReadable?: boolean;
  /** Handle of a session that was signed out here, until the server confirms it. */
  readonly ended?: string | undefined;
}

/** @returns an empty object if nothing is stored or the browser has no storage for this page */
export function recall(name: string): Remembered {
  return undefinedOnError(() => JSON.parse(localStorage.getItem(name) as string) as Remembered | null) ?? {};
}

/** Without storage each page asks the server once. */
export function remember(name: string, what: Remembered): void {
  undefinedOnError(() => localStorage.setItem(name, JSON.stringify(what)));
}
