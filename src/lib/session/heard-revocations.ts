import type { LogEntry } from "../revocation/log-store.ts";
import type { EventHub } from "./events.ts";
import type { Journals } from "./journals.ts";
import { fromUserKey } from "./user-id.ts";

/** Emits what the log tells of other processes, and of own calls whose response was lost. */
export function emitHeard(events: EventHub, journals: Journals, entries: readonly LogEntry[]): void {
  // The log may bring an ending of this process before its own response arrives.
  const unreported = entries.filter((entry) => !journals.isReported(entry));
  const handles = unreported.flatMap((entry) => (entry.kind === "ended" ? entry.handle : []));
  if (handles.length > 0) events.emit("session-ended-elsewhere", { handles });
  for (const entry of unreported) {
    if (entry.kind === "all") events.emit("session-ended-elsewhere", { handles: [], everybody: true });
    if (entry.kind === "user") {
      const spared = entry.except === null ? {} : { except: entry.except };
      events.emit("session-ended-elsewhere", { handles: [], userId: fromUserKey(entry.userKey), ...spared });
    }
  }
}
