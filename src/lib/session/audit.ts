import type { AuditStore } from "../revocation/audit-store.ts";
import { asPartlyDone } from "./guarded-store.ts";
import type { AuditNote, Journal } from "../revocation/log-store.ts";

/** The events that the audit table has rows of. */
export type AuditEvent =
  | "session-created"
  | "session-revoked"
  | "session-renamed"
  | "session-reauthenticated"
  | "claims-changed"
  | "reuse-detected"
  | "all-sessions-revoked"
  | "console-action";

/** Whom a row is about. Default: nobody. */
export interface AuditSubject {
  readonly handle?: string | undefined;
  readonly userKey?: string | undefined;
  readonly actorKey?: string | null | undefined;
}

/** Makes the rows of the audit table; none if the config does not want it. */
export interface Audit {
  /**
   * For a journal: the store writes the row in the atomic step of the change.
   *
   * @param facts is only called if the row is wanted
   */
  readonly note: (event: AuditEvent, facts: () => object) => AuditNote | undefined;
  /** Writes a row about something that changes no session, or several. */
  readonly append: (event: AuditEvent, facts: () => object, subject?: AuditSubject) => Promise<void>;
  /** The same after a change that is done, which an error says. */
  readonly appendAfter: (event: AuditEvent, facts: () => object, subject: AuditSubject) => Promise<void>;
}

/** The longest facts, in characters: the largest that the library has itself take a third of it. */
const MOST_FACTS = 16_000;

export function createAudit({
  store,
  retention,
  newJournal,
}: {
  readonly store: Pick<AuditStore, "appendAudit">;
  /** In ms; undefined: no rows. */
  readonly retention: number | undefined;
  readonly newJournal: () => Journal;
}): Audit {
  const note: Audit["note"] = (event, facts) =>
    retention === undefined ? undefined : { event, facts: writeFacts(facts()) };
  const append: Audit["append"] = async (event, facts, { handle, userKey, actorKey } = {}) => {
    const written = note(event, facts);
    if (written === undefined) return;
    const subject = { handle: handle ?? null, userKey: userKey ?? null, actorKey: actorKey ?? null };
    await store.appendAudit({ ...written, ...subject }, newJournal().id);
  };
  return {
    note,
    append,
    appendAfter: (event, facts, subject) =>
      append(event, facts, subject).catch((error: unknown) => {
        throw asPartlyDone(error);
      }),
  };
}

function writeFacts(facts: object): string {
  const text = JSON.stringify(facts);
  return text.length > MOST_FACTS ? JSON.stringify({ tooLarge: text.length }) : text;
}

/** The most names of claims in a row, and the most characters of one. */
const MOST_NAMES = 50;
const MOST_OF_NAME = 64;

/** The names of changed claims, never a value. */
export const namesOfClaims = (
  names: readonly string[],
): { readonly changed: readonly string[]; readonly more?: number } => ({
  changed: names.slice(0, MOST_NAMES).map((name) => name.slice(0, MOST_OF_NAME)),
  ...(names.length > MOST_NAMES ? { more: names.length - MOST_NAMES } : {}),
});
