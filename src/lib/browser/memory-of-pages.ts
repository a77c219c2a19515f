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

/**
 * What all tabs remember. If that is no session, also what only this tab remembers.
 *
 * @returns an empty object if nothing is stored or the browser has no storage for this page
 */
export function recall(name: string): Remembered {
  const shared = read(name);
  return shared.marker ? shared : { ...read(name, true), ...shared };
}

/**
 * Without storage each page asks the server once.
 *
 * @param isTabOnly whether the pages of this tab alone remember it, until the browser closes
 */
export function remember(name: string, what: Remembered, isTabOnly?: boolean): void {
  undefinedOnError(() => storageFor(isTabOnly).setItem(name, JSON.stringify(what)));
}

const storageFor = (isTabOnly?: boolean): Storage => (isTabOnly ? sessionStorage : localStorage);

const read = (name: string, isTabOnly?: boolean): Remembered =>
  undefinedOnError(() => JSON.parse(storageFor(isTabOnly).getItem(name) as string) as Remembered | null) ?? {};
