import {
  type Journal,
  LOG_KINDS,
  type LogEntry,
  type LogPage,
  type NewLogEntry,
  WRITER_LENGTH,
} from "../../revocation/log-store.ts";
import { text } from "./redis-rows.ts";

/** How long a script takes at most with its call, and some more, in ms. */
const LONGEST_CALL = 15_000;
/** The same, and the difference of the clocks of several masters. */
const LONGEST_OF_MASTERS = 75_000;

/** Id and keep for the scripts. An empty id writes nothing. */
export const logArgs = (journal: Journal | undefined): readonly (string | number)[] =>
  journal === undefined ? ["", 0] : [journal.id, journal.keep];

/** The arguments of the script `appendLog`. */
export function appendArgs(entry: NewLogEntry, journal: Journal): readonly (string | number)[] {
  const subject = entry.kind === "user" ? entry.userKey : entry.kind === "all" ? "" : entry.handle;
  const version = entry.kind === "claims" ? entry.claimsVersion : "";
  const except = entry.kind === "user" ? (entry.except ?? "") : "";
  return [...logArgs(journal), LOG_KINDS[entry.kind], subject, version, except];
}

/** Reads what the script `readLog` returned on each node. */
export function readLogPage(replies: readonly unknown[], isCluster: boolean, limit: number): LogPage {
  const pages = replies as readonly (readonly [unknown, readonly unknown[]])[];
  const storeTime = Math.min(...pages.map(([time]) => Number(text(time))));
  const found: { readonly entry: LogEntry; readonly at: number }[] = [];
  for (const [, members] of pages) {
    for (let index = 0; index < members.length; index += 2) {
      const at = Number(text(members[index + 1]));
      const entry = readEntry(text(members[index]), at);
      if (entry !== undefined && entry.until > storeTime) found.push({ entry, at });
    }
  }
  found.sort((a, b) => a.at - b.at);
  const entries = found.slice(0, limit).map(({ entry }) => entry);
  return { entries, storeTime, overlap: isCluster ? LONGEST_OF_MASTERS : LONGEST_CALL };
}

const ENTRY = /^(\d)\|(\d+)\|([^|]*)\|(\d*)\|([^|]*)\|([^]*)$/;

function readEntry(value: string, at: number): LogEntry | undefined {
  const [, kind, until, id = "", version, except, subject = ""] = ENTRY.exec(value) ?? [];
  const base = { until: Number(until), by: id.slice(0, WRITER_LENGTH) };
  switch (Number(kind)) {
    case LOG_KINDS.ended:
      return { ...base, kind: "ended", handle: subject };
    case LOG_KINDS.claims:
      return { ...base, kind: "claims", handle: subject, claimsVersion: Number(version) };
    case LOG_KINDS.user:
      return { ...base, kind: "user", userKey: subject, except: except === "" ? null : (except ?? null), at, id };
    case LOG_KINDS.all:
      return { ...base, kind: "all", at, id };
    default:
      return undefined;
  }
}
