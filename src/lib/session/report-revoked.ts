import type { SessionContext } from "./context.ts";
import type { SessionEvents } from "./events.ts";

/** Reports sessions that this process has ended: to its own feed, to others, and as an event. */
export function reportRevoked(
  { events, journals }: Pick<SessionContext, "events" | "journals">,
  event: SessionEvents["session-revoked"],
): void {
  if (event.unknown === undefined) journals.ended(event.handles);
  events.emit("session-revoked", event);
}
