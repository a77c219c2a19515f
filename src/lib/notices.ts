/**
 * Codes of the process warnings about a set-up that cannot work as it is. Each has one heading in
 * docs/guide/troubleshooting.md.
 */
export type NoticeCode =
  | "COUNTERFOIL_ORIGIN"
  | "COUNTERFOIL_CORS"
  | "COUNTERFOIL_SECURE_COOKIE"
  | "COUNTERFOIL_SAME_SITE"
  | "COUNTERFOIL_COOKIE_PATH"
  | "COUNTERFOIL_COOKIES_LOST"
  | "COUNTERFOIL_ROUTES_NOT_REACHED"
  | "COUNTERFOIL_MOUNTED_BELOW"
  | "COUNTERFOIL_ERROR_HANDLER"
  | "COUNTERFOIL_UNKNOWN_KEY"
  | "COUNTERFOIL_MEMORY_STORE"
  | "COUNTERFOIL_SQLITE_FILE"
  | "COUNTERFOIL_CLOCK"
  | "COUNTERFOIL_EVICTION"
  | "COUNTERFOIL_ANTI_CSRF";

/** What was seen, what is configured, and what to write. */
export interface Notice {
  readonly code: NoticeCode;
  /** Sentences without a secret; what a request brought goes through {@link quote}. */
  readonly write: () => string;
  /**
   * What the fault is about, for instance an origin: each is told of by itself. Default: one for
   * the code.
   */
  readonly about?: string;
}

/** Tells of a fault in the set-up as a process warning: once, and only outside production. */
export type Notify = (notice: Notice) => void;

// A client chooses what some faults are about. With fifteen codes these are 75 entries of at most
// 100 characters.
const MOST_OF_A_CODE = 5;
const MOST_CHARACTERS = 100;

/**
 * Made for each instance, so that another config is told of again. Silent where `NODE_ENV` is
 * `production` at the time it is made: there the event `request-refused` counts.
 */
export function createNotify(isProduction: boolean = isInProduction()): Notify {
  const told = new Map<NoticeCode, Set<string>>();
  return ({ code, write, about = "" }) => {
    if (isProduction) return;
    const subjects = told.get(code) ?? new Set();
    const subject = about.slice(0, MOST_CHARACTERS);
    if (subjects.size >= MOST_OF_A_CODE || subjects.has(subject)) return;
    told.set(code, subjects.add(subject));
    warnOfSetup(code, write());
  };
}

/** The warning itself, for what is known at the start, also in production. */
export function warnOfSetup(code: NoticeCode, text: string): void {
  const page = `docs/guide/troubleshooting.md#${code.toLowerCase()}`;
  process.emitWarning(`${text} See ${page}`, { type: "CounterfoilNotice", code });
}

export const isInProduction = (): boolean => process.env["NODE_ENV"] === "production";

/** A value of a request for a message: in quotes, printable ASCII, and cut off. */
export function quote(value: string): string {
  const text = JSON.stringify(value.slice(0, MOST_CHARACTERS)).replace(/[^ -~]/g, escapeUnit);
  return value.length > MOST_CHARACTERS ? `${text}...` : text;
}

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
