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
  | "COUNTERFOIL_KNOWN_DEVICES"
  | "COUNTERFOIL_ANTI_CSRF"
  | "COUNTERFOIL_REVOCATION_LOG"
  | "COUNTERFOIL_LISTEN";

/** A set-up error: what was seen, what is configured, and what to write. */
export interface Notice {
  readonly code: NoticeCode;
  /** The message, without secrets. Values of a request go through {@link quote}. */
  readonly write: () => string;
  /**
   * The subject of the notice, for instance an origin: each subject is reported once. Default: one
   * per code.
   */
  readonly about?: string;
}

/** Reports a set-up error as a process warning, once and only outside production. */
export type Notify = (notice: Notice) => void;

// Clients choose some subjects. With eighteen codes these are 90 entries of at most 100 characters.
const MOST_OF_A_CODE = 5;
const MOST_CHARACTERS = 100;

/**
 * Made per instance, so that each config is reported. Silent if `NODE_ENV` is `production` when it
 * is made: production uses the event `request-refused`.
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

/** Emits the warning, in production too, for set-up errors that are known at the start. */
export function warnOfSetup(code: NoticeCode, text: string): void {
  const page = `docs/guide/troubleshooting.md#${code.toLowerCase()}`;
  process.emitWarning(`${text} See ${page}`, { type: "CounterfoilNotice", code });
}

export const isInProduction = (): boolean => process.env["NODE_ENV"] === "production";

/** Formats a value of a request for a message: quoted, printable ASCII, cut off. */
export function quote(value: string): string {
  const text = JSON.stringify(value.slice(0, MOST_CHARACTERS)).replace(/[^ -~]/g, escapeUnit);
  return value.length > MOST_CHARACTERS ? `${text}...` : text;
}

export const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
