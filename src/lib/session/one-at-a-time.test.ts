import { expect, test } from "vitest";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { createOneAtATime } from "./one-at-a-time.ts";

test("work of one name runs in turn, of different names side by side, and a fault stops nobody", async () => {
  const oneAtATime = createOneAtATime();
  const said: string[] = [];
  const work =
    (name: string, turns: number, fault = false) =>
    async (): Promise<string> => {
      said.push(`${name} begins`);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      said.push(`${name} ends`);
      if (fault) throw new Error(name);
      return name;
    };
  const done = await Promise.allSettled([
    oneAtATime("a", work("a1", 9, true)),
    oneAtATime("a", work("a2", 1)),
    oneAtATime("b", work("b", 1)),
  ]);
  expect(done.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(said.filter((line) => line.startsWith("a"))).toEqual(["a1 begins", "a1 ends", "a2 begins", "a2 ends"]);
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
