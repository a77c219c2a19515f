/** The event `claims-changed`. */
import { expect, test } from "vitest";
import { World } from "../../../test/fixtures/session-world.ts";
import type { SessionEvents } from "./events.ts";
import { changedMembers } from "./changed-members.ts";

test.each<readonly [unknown, unknown, readonly string[]]>([
  [{ a: 1, b: [1], c: 2 }, { a: 1, b: [2], d: null }, ["b", "c", "d"]],
  [{ a: { b: 1 } }, { a: { b: 1 } }, []],
  [{}, JSON.parse('{"__proto__": 1}'), ["__proto__"]],
  [{}, { toString: 1 }, ["toString"]],
  [["a"], ["b"], []],
  [{ a: 1 }, "a", []],
  [null, { a: 1 }, []],
])("from %j to %j: %j", (before, after, changed) => {
  expect(changedMembers(before, after)).toEqual(changed);
});

test("is told once for each change, with the new claims, and not if nothing has changed", async () => {
  const world = new World();
  const told: SessionEvents["claims-changed"][] = [];
  world.sessions.on("claims-changed", (event) => void told.push(event));
  const { session } = await world.signIn(42);
  const { handle } = session;
  await world.sessions.updateJwtPayload(handle, { role: "member" });
  expect(told).toEqual([]);
  // Each waits for the others to have written.
  await Promise.all(
    ["a", "b", "c"].map((letter) => world.sessions.updateJwtPayload(handle, ({ role }) => ({ role: role + letter }))),
  );
  const event = { handle, userId: 42, changed: ["role"] };
  expect(told).toMatchObject([event, event, event]);
  const stored: unknown = JSON.parse((await world.store.findSession(handle))?.claims ?? "");
  expect(told.at(-1)?.claims).toEqual(stored);
});

test("is not told of a change that fails", async () => {
  const world = new World();
  let count = 0;
  world.sessions.on("claims-changed", () => void (count += 1));
  const { session } = await world.signIn();
  await expect(world.sessions.updateJwtPayload(session.handle, { role: "x".repeat(4000) })).rejects.toThrow();
  await world.sessions.revokeSessionUsingSessionHandle(session.handle);
  await expect(world.sessions.updateJwtPayload(session.handle, { role: "x" })).rejects.toThrow();
  expect(count).toBe(0);
});
