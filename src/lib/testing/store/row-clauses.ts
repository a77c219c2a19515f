import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { fixedWrite } from "./change-clauses.ts";
import { add, ALL, find, plain, type StoreClause, summaryOf, times } from "./clause.ts";
import { newHandle } from "../../session/handle.ts";
import { newUser, randomName, T0 } from "./rows.ts";

/** Texts of `JSON.stringify`, which a JSON column type would spell differently. */
const TEXTS: readonly string[] = [
  `{"b":1.0,"a":1e2,"a":2, "c" : [ ] }`,
  JSON.stringify(
    "quotes ' \" ` \\ % _ \r\n \t \u007f \u0080 \u2028 \ufeff \ufffe \ud83d\ude00 e\u0301 \u00e9 \0 \ud800",
  ),
  JSON.stringify(`  blanks ${" ".repeat(20)}`),
  "\ufeff  not JSON, with blanks around ",
  JSON.stringify({ long: "\u00e9x".repeat(400_000) }),
];

/** A handle of the same shard with one letter in the other case. */
function inOtherCase(handle: string): string {
  const at = 2 + handle.slice(2).search(/[A-Za-z]/);
  const letter = handle.charAt(at);
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return handle.slice(0, at) + other + handle.slice(at + 1);
}

export const rowClauses: readonly StoreClause[] = [
  {
    id: "prepare-1",
    name: "MUST prepare again, and many times at once, without touching what is there",
    async run(store) {
      const row = await add(store);
      await store.prepare();
      await times(10, () => store.prepare());
      same(await find(store, row.handle), row);
    },
  },
  {
    id: "create-1",
    name: "MUST give back every column of a new session, nulls and large whole numbers included",
    async run(store) {
      const empty = await add(store);
      same(await find(store, empty.handle), empty);
      const large = Number.MAX_SAFE_INTEGER;
      const moments = { childMintedAt: 1, childSeenAt: 2, confirmedAt: 3, createdAt: 4, authTime: 5, lastSeenAt: 6 };
      const counts = { version: 2 ** 31, generation: 2 ** 32 - 1, claimsVersion: 2 ** 33 };
      const full = await add(store, {
        ...moments,
        ...counts,
        parentHash: randomName(32),
        replacedHandle: newHandle(empty.userKey),
        persistent: 0,
        amr: '["pwd","otp"]',
        actorKey: newUser("the actor é"),
        actorHandle: newHandle(empty.userKey),
        label: "Ünder the stairs",
        knownDevice: 1,
        expiresAt: large - 1,
        absoluteExpiresAt: large,
      });
      same(await find(store, full.handle), full);
      same((await store.listSessionsOfUser(full.userKey, T0, ALL)).map(plain), [summaryOf(full)]);
    },
  },
  {
    id: "text-1",
    name: "MUST give back text byte for byte in every column that holds any",
    async run(store) {
      for (const text of TEXTS) {
        const row = await add(store, { claims: text, data: text, device: text });
        same(await find(store, row.handle), row);
        same((await store.listSessionsOfUser(row.userKey, T0, ALL)).map(plain), [summaryOf(row)]);
        equal(await store.replaceClaims(row.handle, 1, `${text} `), true);
        equal(await store.replaceData(row.handle, 2, ` ${text}`), true);
        equal(await store.commitRefresh(row.handle, 3, { ...fixedWrite, device: `${text}\n` }), true);
        const { claims, data, device } = (await find(store, row.handle)) ?? {};
        same({ claims, data, device }, { claims: `${text} `, data: ` ${text}`, device: `${text}\n` });
      }
    },
  },
  {
    id: "find-1",
    name: "MUST find nothing where there is nothing, and tell handles apart byte by byte",
    async run(store) {
      const row = await add(store);
      equal(await find(store, newHandle(row.userKey)), undefined);
      equal(await find(store, inOtherCase(row.handle)), undefined);
      for (const strange of [
        `${row.handle} `,
        ` ${row.handle}`,
        row.handle.slice(1),
        "",
        "%",
        "\0",
        "\u00e9",
        "a".repeat(256),
      ])
        equal(await find(store, strange), undefined);
      same(await find(store, row.handle), row);
    },
  },
  {
    id: "time-2",
    name: "MUST tell, if it tells how long a call may take, a number of ms that a timer can wait for",
    async run({ timeout }) {
      await Promise.resolve();
      ok(timeout === undefined || (Number.isFinite(timeout) && timeout > 0 && timeout < 2 ** 31));
    },
  },
  {
    id: "time-1",
    name: "MUST tell, if it tells what time it is with a row, whole ms since the epoch of a clock that goes on",
    async run(store) {
      const { handle } = await add(store);
      const readStoreTime = async (): Promise<number | undefined> => (await store.findSession(handle))?.storeTime;
      const first = await readStoreTime();
      if (first === undefined) return;
      ok(Number.isSafeInteger(first) && Math.abs(first - Date.now()) < 3_600_000);
      const begun = performance.now();
      let last = first;
      while (last === first && performance.now() - begun < 5000) last = (await readStoreTime()) ?? Number.NaN;
      ok(last > first);
    },
  },
  {
    id: "find-2",
    name: "MUST find an expired row that was not swept, and change it like any other",
    async run(store) {
      const row = await add(store, { expiresAt: T0 - 1 });
      same(await find(store, row.handle), row);
      equal(await store.replaceData(row.handle, row.version, "1"), true);
      equal(await store.deleteSession(row.handle), true);
    },
  },
];
