import { expect, test } from "vitest";
import { createEventHub, type SessionEvents } from "../../session/events.ts";
import { KEPT_REUSES, logReuses } from "./reuse-log.ts";

const reuse = (handle: string): SessionEvents["reuse-detected"] => ({
  handle,
  userId: "alice",
  revoked: true,
  presented: "superseded",
  presentedGeneration: 1,
  currentGeneration: 2,
  sinceConfirmation: 0,
  sinceChildSeen: null,
  lastDevice: {},
  presentingDevice: {},
});

test("keeps the latest, newest first, counts all, and knows since when", () => {
  const hub = createEventHub();
  let now = 1000;
  const log = logReuses(hub, () => now);
  expect([log.since, log.count(), log.latest()]).toEqual([1000, 0, []]);
  for (let count = 1; count <= KEPT_REUSES + 5; count += 1) {
    now += 1;
    hub.emit("reuse-detected", reuse(`session ${count}`));
  }
  expect(log.count()).toBe(KEPT_REUSES + 5);
  expect(log.latest()).toHaveLength(KEPT_REUSES);
  expect(log.latest()[0]).toMatchObject({
    at: 1000 + KEPT_REUSES + 5,
    event: { handle: `session ${KEPT_REUSES + 5}` },
  });
  expect(log.latest().at(-1)).toMatchObject({ event: { handle: "session 6" } });
});
