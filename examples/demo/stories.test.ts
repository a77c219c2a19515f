import { expect, it } from "vitest";
import { BEGINNING, createStories, type Stories, toUserId } from "./stories.ts";

const MOST = { visitors: 3, lines: 4, handles: 2 };

/** What the visitor is told, from the beginning of the story and while the test runs. */
function hear(stories: Stories, visitor: string): { readonly told: string[]; readonly stop: () => void } {
  const told: string[] = [];
  const listener = { hear: ({ text }: { text: string }) => void told.push(text), end: () => void told.push("end") };
  return { told, stop: stories.listen(visitor, 0, listener) };
}

it("tells each visitor of their own sessions alone", () => {
  const stories = createStories();
  stories.own("ann", "a");
  stories.own("bea", "b");
  const [ann, bea] = [hear(stories, "ann"), hear(stories, "bea")];
  stories.tell(["a", "b", "unknown"], (own) => own.join());
  stories.tell(["b"], () => "second");
  expect(ann.told).toEqual(["a"]);
  expect(bea.told).toEqual(["b", "second"]);
  bea.stop();
  stories.tell(["b"], () => "third");
  expect(bea.told).toHaveLength(2);
});

it("repeats what a listener has missed, and nothing else", () => {
  const stories = createStories();
  stories.own("ann", "a");
  const ids: number[] = [];
  stories.tell(["a"], () => "first");
  stories.tell(["a"], () => "second");
  const hearId = { hear: ({ id }: { id: number }) => void ids.push(id), end: () => {} };
  stories.listen("ann", 0, hearId)();
  stories.listen("ann", ids[0] ?? 0, hearId)();
  expect(ids).toEqual([ids[0], ids[1], ids[1]]);
});

it("begins anew with nothing of the story before, not even later", () => {
  const stories = createStories();
  stories.own("ann", "a");
  stories.tell(["a"], () => "old");
  stories.begin("ann");
  stories.tell(["a"], () => "late");
  stories.own("ann", "b");
  stories.tell(["b"], () => "new");
  expect(hear(stories, "ann").told).toEqual([BEGINNING, "new"]);
});

it("keeps no more lines and sessions of a visitor than it says", () => {
  const stories = createStories(MOST);
  for (const handle of ["a", "b", "c"]) stories.own("ann", handle);
  for (const handle of ["a", "b", "c", "a", "b", "c", "c"]) stories.tell([handle], () => handle);
  expect(hear(stories, "ann").told).toEqual(["c", "b", "c", "c"]);
});

it("keeps no more visitors than it says, and drops who was not seen for longest", () => {
  const stories = createStories(MOST);
  for (const visitor of ["ann", "bea", "cleo"]) stories.own(visitor, visitor);
  const heard = hear(stories, "bea");
  stories.tell(["ann"], () => "still there");
  stories.own("cleo", "cleo-2");
  stories.own("dora", "dora");
  expect(heard.told).toEqual(["end"]);
  stories.tell(["bea"], () => "nobody's");
  expect(hear(stories, "ann").told).toEqual(["still there"]);
  expect(hear(stories, "bea").told).toEqual([]);
});

it("gives each visitor users of their own", () => {
  expect(toUserId("alice", undefined)).toBe("alice");
  expect(toUserId("alice", "one")).toMatch(/^alice-[\w-]{6}$/);
  expect(toUserId("alice", "one")).toBe(toUserId("alice", "one"));
  expect(toUserId("alice", "one")).not.toBe(toUserId("alice", "two"));
});
