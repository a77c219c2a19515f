import { cutText } from "../cut-text.ts";
import { generalError } from "../errors.ts";
import { escapeUnit } from "../notices.ts";
import { readWhole } from "../options/config-reader.ts";
import { describeKnown } from "../options/unknown-option.ts";
import type { SessionEventName } from "../session/events.ts";
import type { Sessions } from "../session/sessions.ts";
import type { UserId } from "../session/user-id.ts";

/** A logger: pino, winston, `console`, and most others have these three methods. */
export interface EventLogger {
  info(entry: unknown): unknown;
  warn(entry: unknown): unknown;
  error(entry: unknown): unknown;
}

/** Options of {@link logEvents}. */
export interface LogOptions {
  /** Which events are logged. Default: all. */
  readonly events?: readonly SessionEventName[] | undefined;
  /**
   * `text`: one line with the name of the event and its facts as JSON. `fields`: an object with the
   * facts beside `event` and `message`, for pino and winston. Default `text`.
   */
  readonly format?: "text" | "fields" | undefined;
}

type Level = keyof EventLogger;

/** docs/guide/observability.md has the same table. */
export const LOG_LEVELS: Readonly<Record<SessionEventName, Level>> = {
  "session-created": "info",
  "session-refreshed": "info",
  "session-revoked": "info",
  "session-ended-elsewhere": "info",
  "all-sessions-revoked": "warn",
  "session-reauthenticated": "info",
  "claims-changed": "info",
  "user-forgotten": "info",
  "reuse-detected": "warn",
  "store-behind": "error",
  "clock-skew": "warn",
  "key-rotated": "info",
  "console-action": "info",
  "csrf-reported": "warn",
  "request-refused": "info",
};

const NAMES = Object.keys(LOG_LEVELS) as SessionEventName[];

/**
 * Writes one line to a logger for each event. The line holds no token, cookie or secret, and none
 * of your claims. It has at most a few kilobytes: texts are cut after 256 characters, lists after
 * 20 entries.
 *
 * @returns a function that ends it
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @throws SessionError `ARGUMENT_INVALID` for a logger without the methods
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { logEvents } from "counterfoil/telemetry";
 *
 * const sessions = createSessions();
 * logEvents(sessions, console, { events: ["session-revoked", "reuse-detected", "store-behind"] });
 * ```
 */
export function logEvents<Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
  logger: EventLogger,
  options: LogOptions = {},
): () => void {
  const { events, format } = readWhole(options, "logEvents", (section) => ({
    events: section.texts("events", wrongName) ?? NAMES,
    format: section.choice("format", ["text", "fields"]) ?? "text",
  }));
  for (const method of ["info", "warn", "error"] as const)
    if (typeof logger?.[method] !== "function")
      throw generalError("ARGUMENT_INVALID", `the logger of logEvents has no method ${method}`);

  // A name that is listed twice is logged once.
  const removers = Array.from(new Set(events as readonly SessionEventName[]), (name) =>
    sessions.on(name, (event) => void logger[LOG_LEVELS[name]](toEntry(name, event, format))),
  );
  return () => removers.forEach((remove) => remove());
}

const wrongName = (name: string): string | undefined =>
  Object.hasOwn(LOG_LEVELS, name) ? undefined : `is no event; ${describeKnown(name, NAMES)}`;

function toEntry(name: SessionEventName, event: object, format: "text" | "fields"): unknown {
  const { claims: _, ...logged } = event as { readonly claims?: unknown };
  const facts = bound(logged, 0) as Readonly<Record<string, unknown>>;
  if (format === "fields") return { ...facts, event: name, message: `counterfoil ${name}` };
  return `counterfoil ${name} ${JSON.stringify(facts).replace(INVISIBLE, escapeUnit)}`;
}

/**
 * What JSON leaves in and a terminal or a reader of lines takes for more than text, also marks that
 * turn the direction: they show one user's id as another's.
 */
// oxlint-disable-next-line no-control-regex -- these are the ones to find
const INVISIBLE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

const TEXT_LENGTH = 256;
const LIST_LENGTH = 20;
const DEPTH = 3;

/** Events are small. The bound also holds for a list of 200 handles. */
function bound(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cutText(value, TEXT_LENGTH);
  if (typeof value !== "object" || value === null) return value;
  if (depth === DEPTH) return "...";
  if (Array.isArray(value)) {
    const kept = value.slice(0, LIST_LENGTH).map((entry) => bound(entry, depth + 1));
    return value.length > LIST_LENGTH ? [...kept, `and ${value.length - LIST_LENGTH} more`] : kept;
  }
  const entries = Object.entries(value).slice(0, LIST_LENGTH);
  return Object.fromEntries(entries.map(([name, entry]) => [name, bound(entry, depth + 1)]));
}
