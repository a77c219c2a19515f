import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import type { Journal, LogEntry } from "../../revocation/log-store.ts";
import type { SessionStore, SignInJournal } from "../../session/session-store.ts";
import { add, type StoreClause } from "./clause.ts";
import { newRecord, newUser, randomName, T0 } from "./rows.ts";

const HOUR = 3_600_000;
const MOST = 10_000;

const newJournal = (keep = HOUR): Journal => ({ id: randomName(15), keep });

const forSignIn = (journal: Journal): SignInJournal => ({ replaced: journal, ended: journal, begun: journal });

/** The entries that `work` writes about these subjects, without their times. */
async function written(
  store: SessionStore,
  subjects: readonly string[],
  work: () => Promise<unknown>,
): Promise<readonly object[]> {
  const { storeTime } = await store.readLog(0, 1);
  await work();
  // Another node's clock may be behind.
  const page = await store.readLog(storeTime - 75_000, MOST);
  const own = page.entries.filter((entry) => subjects.includes(subjectOf(entry)));
  // Those of one moment may come in any order.
  return own.toSorted((a, b) => subjects.indexOf(subjectOf(a)) - subjects.indexOf(subjectOf(b))).map(withoutTimes);
}

const subjectOf = (entry: LogEntry): string =>
  entry.kind === "user" ? entry.userKey : entry.kind === "all" ? "everybody" : entry.handle;

function withoutTimes(entry: LogEntry): object {
  const { until: _, by: __, ...rest } = entry;
  if (!("at" in rest)) return rest;
  const { at: ___, id: ____, ...others } = rest;
  return others;
}

const ended = (handle: string): object => ({ kind: "ended", handle });

export const logClauses: readonly StoreClause[] = [
  {
    id: "log-1",
    name: "MUST log each session that a call removes by its handle or version, and none that it does not",
    async run(store) {
      const [one, two, three] = [await add(store), await add(store), await add(store)];
      const handles = [one.handle, two.handle, three.handle];
      const entries = await written(store, handles, async () => {
        equal(await store.deleteSession(one.handle, newJournal()), true);
        equal(await store.deleteSession(one.handle, newJournal()), false);
        equal(await store.deleteSessionAtVersion(two.handle, 2, newJournal()), false);
        equal(await store.deleteSessionAtVersion(three.handle, 1, newJournal()), true);
      });
      same(entries, [ended(one.handle), ended(three.handle)]);
    },
  },
  {
    id: "log-2",
    name: "MUST log the removal of a user's sessions as one entry for the user, also if none is left",
    async run(store) {
      const { userKey, handle } = await add(store);
      const other = await add(store, { userKey });
      const nobody = newUser("ünknown | 'user' \" | 1");
      const entries = await written(store, [userKey, nobody, handle, other.handle], async () => {
        same([...(await store.deleteSessionsOfUser(userKey, handle, 10, newJournal()))], [other.handle]);
        same([...(await store.deleteSessionsOfUser(nobody, undefined, 10, newJournal()))], []);
      });
      same(entries, [
        { kind: "user", userKey, except: handle },
        { kind: "user", userKey: nobody, except: null },
      ]);
    },
  },
  {
    id: "log-3",
    name: "MUST log the sessions that a sign-in replaces or ends, with any limit, and not the new one",
    async run(store) {
      for (const onLimit of ["end-oldest", "trim", "refuse"] as const) {
        const userKey = newUser();
        const [old, older] = [await add(store, { userKey, createdAt: T0 + 2 }), await add(store, { userKey })];
        const stranger = await add(store);
        const next = newRecord({ userKey, createdAt: T0 + 3 });
        const limit = onLimit === "trim" ? { max: 2, onLimit, atOnce: 10 } : { max: 2, onLimit };
        const subjects = [old.handle, older.handle, stranger.handle, next.handle];
        const entries = await written(store, subjects, () =>
          store.createSession(next, limit, stranger.handle, forSignIn(newJournal())),
        );
        const wanted = onLimit === "refuse" ? [] : [stranger.handle, older.handle];
        same(new Set(entries.map((entry) => (entry as { handle: string }).handle)), new Set(wanted));
        equal(entries.length, wanted.length);
      }
      const before = await add(store);
      const after = newRecord({ userKey: before.userKey });
      const entries = await written(store, [before.handle, after.handle], () =>
        store.createSession(after, undefined, before.handle, forSignIn(newJournal())),
      );
      same(entries, [ended(before.handle)]);
    },
  },
  {
    id: "log-4",
    name: "MUST log changed claims with their new version, and no change that lost a race",
    async run(store) {
      const { handle } = await add(store, { claimsVersion: 7 });
      const entries = await written(store, [handle], async () => {
        equal(await store.replaceClaims(handle, 2, "{}", newJournal()), false);
        equal(await store.replaceClaims(handle, 1, "{}", newJournal()), true);
      });
      same(entries, [{ kind: "claims", handle, claimsVersion: 8 }]);
    },
  },
  {
    id: "log-5",
    name: "MUST append entries of every kind, say when they were written, until when they count, and by whom",
    async run(store) {
      const { handle, userKey } = newRecord();
      const journal = newJournal(5 * HOUR);
      const before = (await store.readLog(0, 1)).storeTime;
      await store.appendLog({ kind: "ended", handle }, journal);
      await store.appendLog({ kind: "claims", handle: newRecord({ userKey }).handle, claimsVersion: 3 }, newJournal());
      await store.appendLog({ kind: "user", userKey, except: null }, newJournal());
      await store.appendLog({ kind: "all" }, newJournal());
      const { entries, storeTime, overlap } = await store.readLog(before - 75_000, MOST);
      const own = entries.filter((entry) => entry.kind === "ended" && entry.handle === handle);
      equal(own.length, 1);
      const [entry] = own;
      ok(entry !== undefined);
      equal(entry.by, journal.id.slice(0, 8));
      ok(Math.abs(entry.until - 5 * HOUR - storeTime) < 75_000);
      const epochs = entries.filter((each) => each.kind === "user" || each.kind === "all");
      ok(epochs.some((each) => each.kind === "user" && each.userKey === userKey && each.except === null));
      ok(epochs.some((each) => each.kind === "all"));
      for (const { at } of epochs) ok(Math.abs(at - storeTime) < HOUR);
      ok(overlap >= 1000);
    },
  },
  {
    id: "log-6",
    name: "MUST read only entries of the given time and later that still count, and at most the given number",
    async run(store) {
      const [{ handle }, short] = [newRecord(), newRecord()];
      await store.appendLog({ kind: "ended", handle: short.handle }, newJournal(-1));
      await store.appendLog({ kind: "ended", handle }, newJournal());
      const names = async (since: number, limit = MOST): Promise<readonly string[]> =>
        (await store.readLog(since, limit)).entries.map(subjectOf);
      const { storeTime } = await store.readLog(0, 1);
      ok((await names(storeTime - 75_000)).includes(handle));
      equal((await names(storeTime - 75_000)).includes(short.handle), false);
      equal((await names(storeTime + 75_000)).includes(handle), false);
      await store.appendLog({ kind: "ended", handle: newRecord().handle }, newJournal());
      equal((await names(0, 1)).length, 1);
    },
  },
  {
    id: "log-7",
    name: "MUST write nothing without a journal, and nothing for a sweep",
    async run(store) {
      const [one, two] = [await add(store), await add(store, { expiresAt: T0 - 1 })];
      const entries = await written(store, [one.handle, one.userKey, two.handle], async () => {
        await store.deleteSession(one.handle);
        await store.deleteSessionsOfUser(one.userKey, undefined, 10);
        await store.deleteExpiredSessions(T0, 100);
      });
      same(entries, []);
    },
  },
];
