import { describe, expect, test } from "vitest";
import type { Call } from "../call.ts";
import { runInCall } from "../call.ts";
import type { Feed } from "../revocation/feed.ts";
import type { Journal, LogEntry, NewLogEntry } from "../revocation/log-store.ts";
import { createJournals, endedEntries, type JournalParts } from "./journals.ts";

const HANDLE = "AAAAAAAAAAAAAAAAAAAAAAAA";

interface Stage {
  readonly appended: NewLogEntry[];
  readonly noted: LogEntry[];
  readonly parts: JournalParts;
  time: number;
}

function stage(store: Partial<JournalParts["store"]> = {}): Stage {
  const appended: NewLogEntry[] = [];
  const noted: LogEntry[] = [];
  const here: Stage = {
    appended,
    noted,
    time: 0,
    parts: {
      store: {
        appendLog: async (entry) => void appended.push(entry),
        findSession: async () => undefined,
        listSessionsOfUser: async () => [],
        ...store,
      },
      aside: (work) => void work(),
      feed: { note: (entries: readonly LogEntry[]) => void noted.push(...entries) } as unknown as Feed,
      validity: 900_000,
      listens: false,
      now: () => 5_000_000,
      monotonic: () => here.time,
    },
  };
  return here;
}

const newCall = (): Call => ({
  owner: {},
  timeout: 1000,
  deadline: Number.POSITIVE_INFINITY,
  isServed: false,
  isOver: false,
});

describe("an operation", () => {
  test.each([
    [10_000, []],
    [10_001, endedEntries([HANDLE])],
  ])("that took %i ms writes its entries again if a reader may have missed them", async (took, again) => {
    const here = stage();
    const journals = createJournals(here.parts);
    await journals.during(
      async () => void (here.time += took),
      () => endedEntries([HANDLE]),
    );
    expect(here.appended).toEqual(again);
  });

  test("whose response was lost writes its entry again if the session turns out to be gone", async () => {
    const here = stage();
    const journals = createJournals(here.parts);
    journals.doubt(endedEntries([HANDLE]));
    await journals.during(
      async () => undefined,
      () => [],
    );
    await expect.poll(() => here.appended).toEqual(endedEntries([HANDLE]));
  });

  test("that the app may roll back is not told to the feed of this process", async () => {
    const joined = new Set<Journal>();
    const here = stage({ isProvisional: (journal) => joined.has(journal) });
    const journals = createJournals(here.parts);
    const end = (isJoined: boolean): Promise<void> =>
      runInCall(newCall(), async () => {
        await journals.during(
          async (journal) => void (isJoined && joined.add(journal)),
          () => endedEntries([HANDLE]),
        );
        journals.ended([HANDLE]);
        journals.changed(HANDLE, 2);
      });
    await end(true);
    expect(here.noted).toEqual([]);
    await end(false);
    expect(here.noted.map(({ kind }) => kind)).toEqual(["ended", "claims"]);
  });
});

test("an own entry counts as reported, unless the response of its operation was lost", () => {
  const journals = createJournals(stage().parts);
  const by = journals.next().id.slice(0, 8);
  const entry: LogEntry = { kind: "ended", handle: HANDLE, by, until: 0 };
  expect(journals.isReported(entry)).toBe(true);
  expect(journals.isReported({ ...entry, by: "another1" })).toBe(false);
  journals.doubt(endedEntries([HANDLE]));
  expect([journals.isReported(entry), journals.isReported(entry)]).toEqual([false, true]);
});
