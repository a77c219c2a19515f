import { expect, test } from "vitest";
import type { ErrorCode } from "../errors.ts";
import type { Notice } from "../notices.ts";
import { createEventHub, type SessionEvents } from "./events.ts";
import { createRefusals, type Refusals } from "./refusals.ts";

type Told = SessionEvents["request-refused"];

interface World extends Refusals {
  readonly events: readonly Told[];
  readonly notices: readonly Notice[];
  readonly clock: { now: number };
}

function createWorld(): World {
  const clock = { now: 1000 };
  const hub = createEventHub();
  const events: Told[] = [];
  const notices: Notice[] = [];
  hub.on("request-refused", (event) => void events.push(event));
  const notify = (notice: Notice): void => void notices.push(notice);
  return { ...createRefusals(notify, hub.emit, () => clock.now), events, notices, clock };
}

const ORIGIN: Notice = { code: "COUNTERFOIL_ORIGIN", write: () => "text" };

test("the first of a kind at once, then one event a minute with the number", () => {
  const { count, events, clock } = createWorld();
  count("CSRF_REFUSED", ORIGIN);
  expect(events).toEqual([{ code: "CSRF_REFUSED", notice: "COUNTERFOIL_ORIGIN", count: 1, since: 1000 }]);
  for (clock.now = 2000; clock.now < 61_000; clock.now += 1000) count("CSRF_REFUSED", ORIGIN);
  expect(events).toHaveLength(1);
  count("CSRF_REFUSED", ORIGIN);
  expect(events.slice(1)).toEqual([{ code: "CSRF_REFUSED", notice: "COUNTERFOIL_ORIGIN", count: 60, since: 2000 }]);
});

test("each pair of code and notice counts by itself", () => {
  const { count, notify, events } = createWorld();
  const codes: readonly ErrorCode[] = ["CSRF_REFUSED", "ACCESS_TOKEN_EXPIRED"];
  for (const code of codes) count(code);
  count("CSRF_REFUSED", ORIGIN);
  notify(ORIGIN);
  expect(events.map(({ code, notice }) => [code, notice])).toEqual([
    ["CSRF_REFUSED", null],
    ["ACCESS_TOKEN_EXPIRED", null],
    ["CSRF_REFUSED", "COUNTERFOIL_ORIGIN"],
    [null, "COUNTERFOIL_ORIGIN"],
  ]);
});

test("a flood of refusals tells every minute, and loses none", () => {
  const { count, events, clock } = createWorld();
  for (let index = 0; index < 10_000; index += 1) {
    clock.now += 100;
    count("CSRF_REFUSED");
  }
  expect(events).toHaveLength(17);
  const counted = events.reduce((sum, event) => sum + event.count, 0);
  expect(10_000 - counted).toBeLessThan(600);
});

test("what is known of the set-up goes to the warnings as well", () => {
  const { count, notify, notices } = createWorld();
  count("CSRF_REFUSED");
  count("CSRF_REFUSED", ORIGIN);
  notify(ORIGIN);
  expect(notices).toEqual([ORIGIN, ORIGIN]);
});
