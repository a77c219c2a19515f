import { expect, test } from "vitest";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { createOneAtATime } from "./one-at-a-time.ts";

test("work of one name runs one after another, of different names side by side", async () => {
  const oneAtATime = createOneAtATime();
  const said: string[] = [];
  async function work(name: string, turns: number): Promise<void> {
    const end = await oneAtATime(name.slice(0, 1));
    said.push(`${name} begins`);
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    said.push(`${name} ends`);
    end();
  }
  await Promise.all([work("a1", 9), work("a2", 1), work("b", 1), work("a3", 1)]);
  expect(said.filter((line) => line.startsWith("a"))).toEqual(
    ["a1", "a2", "a3"].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
  expect(said.indexOf("b ends")).toBeLessThan(said.indexOf("a1 ends"));
});

test("500 refreshes of one token at once read and write the row once each", async () => {
  const store = memory();
  let calls = 0;
  const counted = {
    ...store,
    findSession: (handle: string) => ((calls += 1), store.findSession(handle)),
    commitRefresh: (...args: Parameters<typeof store.commitRefresh>) => ((calls += 1), store.commitRefresh(...args)),
  };
  const sessions = createSessions({ store: counted });
  const { refreshToken } = await sessions.createNewSession("alice");
  await Promise.all(Array.from({ length: 500 }, () => sessions.refreshSession(refreshToken.value)));
  expect(calls).toBe(1000);
});
