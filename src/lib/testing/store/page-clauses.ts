import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import type { SessionStore } from "../../session/session-store.ts";
import type { SessionRecord } from "../../session/record.ts";
import { newHandle } from "../../session/handle.ts";
import { add, handlesOf, race, type StoreClause, times } from "./clause.ts";
import { newUser, T0 } from "./rows.ts";

type Rows = readonly Pick<SessionRecord, "createdAt" | "handle">[];

/** Reads all pages of a list, each from the last row of the previous one. */
async function pagesOf(store: SessionStore, userKey: string, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let after: Rows[number] | undefined;
  do {
    const rows: Rows = await store.listSessionsOfUser(userKey, T0, { limit, after });
    pages.push(rows.map(({ handle }) => handle));
    after = rows.length < limit ? undefined : rows.at(-1);
    ok(pages.length < 100, "the list has no end");
  } while (after !== undefined);
  return pages;
}

/** The order of the list. */
const inOrder = (rows: Rows): string[] =>
  rows.toSorted((a, b) => b.createdAt - a.createdAt || (a.handle < b.handle ? 1 : -1)).map(({ handle }) => handle);

export const pageClauses: readonly StoreClause[] = [
  {
    id: "page-1",
    name: "MUST list in pages what it lists at once, in one order: by createdAt, then by handle, both descending",
    async run(store) {
      const userKey = newUser();
      const rows = await times(23, (index) => add(store, { userKey, createdAt: T0 + (index % 3) }));
      await times(5, () => add(store, { createdAt: T0 + 1 }));
      same(await handlesOf(store, userKey), inOrder(rows));
      for (const limit of [1, 4, 22, 24]) same((await pagesOf(store, userKey, limit)).flat(), inOrder(rows));
    },
  },
  {
    id: "page-2",
    name: "MUST fill each page but the last with live sessions, and end a list of an exact multiple with an empty page",
    async run(store) {
      const userKey = newUser();
      // Every other session has expired.
      const rows = await times(12, (index) =>
        add(store, { userKey, createdAt: T0 + index, expiresAt: index % 2 === 0 ? T0 : T0 + 1 }),
      );
      const live = inOrder(rows.filter(({ expiresAt }) => expiresAt > T0));
      same(await pagesOf(store, userKey, 4), [live.slice(0, 4), live.slice(4)]);
      same(await pagesOf(store, userKey, 3), [live.slice(0, 3), live.slice(3), []]);
      same(await pagesOf(store, newUser(), 3), [[]]);
    },
  },
  {
    id: "page-3",
    name: "MUST go on behind a position whose session is gone, also among sessions of one time, and neither skip nor repeat",
    async run(store) {
      for (const step of [0, 1]) {
        const userKey = newUser();
        const rows = await times(9, (index) => add(store, { userKey, createdAt: T0 + step * index }));
        const order = inOrder(rows);
        const first = await store.listSessionsOfUser(userKey, T0, { limit: 4 });
        const after = first.at(-1);
        ok(after);
        // The session at the position and the one before it end, and one begins at the front.
        for (const { handle } of first.slice(2)) equal(await store.deleteSession(handle), true);
        await add(store, { userKey, createdAt: T0 + 100 });
        const second = await store.listSessionsOfUser(userKey, T0, { limit: 4, after });
        same(
          second.map(({ handle }) => handle),
          order.slice(4, 8),
        );
        // A position may name a session that never existed.
        const end = { createdAt: T0 - 1, handle: newHandle(userKey) };
        same([...(await store.listSessionsOfUser(userKey, T0, { limit: 4, after: end }))], []);
      }
    },
  },
  {
    id: "user-4",
    name: "MUST delete at most as many sessions of a user as it is told, never the spared one, and the rest later",
    async run(store) {
      const userKey = newUser();
      const rows = await times(25, (index) => add(store, { userKey, createdAt: T0 + (index % 2) }));
      const [kept = ""] = inOrder(rows);
      const removed: string[][] = [];
      for (let turn = 0; turn < 4; turn += 1) removed.push([...(await store.deleteSessionsOfUser(userKey, kept, 10))]);
      same(
        removed.map((handles) => handles.length),
        [10, 10, 4, 0],
      );
      same([...removed.flat(), kept].toSorted(), rows.map(({ handle }) => handle).toSorted());
      same(await handlesOf(store, userKey), [kept]);
    },
  },
  {
    id: "user-5",
    name: "MUST leave none when 10 callers delete in parts, each until it gets fewer, and name each session once",
    async run(store, others = []) {
      const userKey = newUser();
      const rows = await times(60, () => add(store, { userKey }));
      const removed = await race([store, ...others], 10, async (each) => {
        const handles: string[] = [];
        for (;;) {
          const part = await each.deleteSessionsOfUser(userKey, undefined, 7);
          handles.push(...part);
          if (part.length < 7) return handles;
        }
      });
      same(removed.flat().toSorted(), rows.map(({ handle }) => handle).toSorted());
    },
  },
];
