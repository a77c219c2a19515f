import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import type { SessionRecord } from "../../session/record.ts";
import type { RefreshWrite, SessionStore } from "../../session/session-store.ts";
import { newHandle } from "../../session/handle.ts";
import { add, ALL, countTrue, find, handlesOf, plain, race, type StoreClause, summaryOf } from "./clause.ts";
import { newUser, randomName, T0 } from "./rows.ts";

const refreshWrite = (index: number, currentHash = randomName(32), parentHash = randomName(32)): RefreshWrite => ({
  generation: 2 + index,
  currentHash,
  parentHash,
  childMintedAt: T0 + 1,
  childSeenAt: T0 + 2,
  confirmedAt: T0 + 3,
  lastSeenAt: T0 + 4,
  expiresAt: T0 + 5_000_000,
  device: `{"label":"device ${index}"}`,
});

/** The compare-and-set writes share their clauses. `after` is the expected row. */
export interface Change {
  readonly group: string;
  readonly operation: string;
  readonly apply: (store: SessionStore, handle: string, version: number, index?: number) => Promise<boolean>;
  readonly after: (row: SessionRecord) => Partial<SessionRecord>;
}

// Without randomness, which Workers do not have while they load.
export const fixedWrite: RefreshWrite = refreshWrite(0, "c".repeat(43), "p".repeat(43));

export const CHANGES: readonly Change[] = [
  {
    group: "refresh",
    operation: "commitRefresh",
    apply: (store, handle, version, index) =>
      store.commitRefresh(handle, version, index === undefined ? fixedWrite : refreshWrite(index)),
    after: () => fixedWrite,
  },
  {
    group: "claims",
    operation: "replaceClaims",
    apply: (store, handle, version, index = 0) => store.replaceClaims(handle, version, `{"n":${index}}`),
    after: (row) => ({ claims: `{"n":0}`, claimsVersion: row.claimsVersion + 1 }),
  },
  {
    group: "data",
    operation: "replaceData",
    apply: (store, handle, version, index = 0) => store.replaceData(handle, version, `{"n":${index}}`),
    after: () => ({ data: `{"n":0}` }),
  },
  {
    group: "label",
    operation: "replaceLabel",
    apply: (store, handle, version, index = 0) => store.replaceLabel(handle, version, `name ${index}`),
    after: () => ({ label: "name 0" }),
  },
  {
    group: "signin",
    operation: "replaceSignIn",
    apply: (store, handle, version, index = 0) =>
      store.replaceSignIn(handle, version, { authTime: T0 + 7, amr: `["method ${index}"]` }),
    after: () => ({ authTime: T0 + 7, amr: '["method 0"]' }),
  },
];

export const changeClauses: readonly StoreClause[] = CHANGES.flatMap(
  ({ group, operation, apply, after }): StoreClause[] => [
    {
      id: `${group}-1`,
      name: `MUST let ${operation} at the row's version write what it is given, add 1 to version, and touch nothing else`,
      async run(store) {
        const row = await add(store, { version: 7, claimsVersion: 3 });
        const bystander = await add(store, { userKey: row.userKey, version: 7 });
        equal(await apply(store, row.handle, 7), true);
        same(await find(store, row.handle), { ...row, ...after(row), version: 8 });
        same(await find(store, bystander.handle), bystander);
      },
    },
    {
      id: `${group}-2`,
      name: `MUST refuse ${operation} at any other version and write nothing`,
      async run(store) {
        const row = await add(store, { version: 7 });
        for (const version of [6, 8, 0]) equal(await apply(store, row.handle, version), false);
        same(await find(store, row.handle), row);
      },
    },
    {
      id: `${group}-3`,
      name: `MUST refuse ${operation} on a row that is gone, which never comes back`,
      async run(store) {
        const removals: ((row: SessionRecord) => Promise<unknown>)[] = [
          (row) => store.deleteSession(row.handle),
          (row) => store.deleteSessionAtVersion(row.handle, row.version),
          (row) => store.deleteSessionsOfUser(row.userKey, undefined, 1000),
        ];
        for (const remove of removals) {
          const row = await add(store);
          await store.findSession(row.handle);
          await remove(row);
          equal(await apply(store, row.handle, row.version), false);
          equal(await find(store, row.handle), undefined);
          same(await handlesOf(store, row.userKey), []);
        }
        const never = newHandle(newUser());
        equal(await apply(store, never, 1), false);
        equal(await find(store, never), undefined);
      },
    },
    {
      id: `${group}-4`,
      name: `MUST let exactly one of 50 parallel ${operation} at one version win, and keep the winner's write`,
      async run(store, others = []) {
        const row = await add(store);
        const won = await race([store, ...others], 50, (each, index) => apply(each, row.handle, row.version, index));
        equal(countTrue(won), 1);
        const stored = await find(store, row.handle);
        equal(stored?.version, row.version + 1);
        const marks = [stored.claims, stored.data, stored.device, stored.label ?? "", stored.amr ?? ""]
          .filter((text) => /\d/.test(text))
          .join();
        equal(Number(/\d+/.exec(marks)?.[0]), won.indexOf(true));
      },
    },
  ],
);

/**
 * Uses a token once, as a refresh with a window of 0 does: read, decide, commit, and decide again
 * after a lost race.
 */
async function useOnce(store: SessionStore, handle: string): Promise<"used" | "reuse" | "gone"> {
  for (;;) {
    const row = await store.findSession(handle);
    if (row === undefined) return "gone";
    const unused = row.childMintedAt === null;
    const committed = unused
      ? await store.commitRefresh(handle, row.version, fixedWrite)
      : await store.deleteSessionAtVersion(handle, row.version);
    if (committed) return unused ? "used" : "reuse";
  }
}

export const labelClauses: readonly StoreClause[] = [
  {
    id: "signin-5",
    name: "MUST write with replaceSignIn any whole number, and any text or null, and keep the other times",
    async run(store) {
      const row = await add(store, { amr: '["pwd"]', createdAt: T0 - 5, replacedHandle: newHandle(newUser()) });
      const large = Number.MAX_SAFE_INTEGER;
      for (const [index, [authTime, amr]] of [
        [large, '["é","\\""]'] as const,
        [0, null] as const,
        [1, null] as const,
        [T0, '["otp"]'] as const,
      ].entries()) {
        equal(await store.replaceSignIn(row.handle, 1 + index, { authTime, amr }), true);
        const after = { ...row, authTime, amr, version: 2 + index };
        same(await find(store, row.handle), after);
        same((await store.listSessionsOfUser(row.userKey, T0, ALL)).map(plain), [summaryOf(after)]);
      }
    },
  },
  {
    id: "label-5",
    name: "MUST write with replaceLabel any text, also an empty one, and null, and list it",
    async run(store) {
      const row = await add(store, { label: "first" });
      for (const [index, label] of ["Ünder 🪜 '\"\\ \n", "", null, "", " again ", null, null].entries()) {
        equal(await store.replaceLabel(row.handle, 1 + index, label), true);
        same(await find(store, row.handle), { ...row, label, version: 2 + index });
        const [listed] = await store.listSessionsOfUser(row.userKey, T0, ALL);
        same(listed?.label, label);
      }
    },
  },
];

export const rivalClauses: readonly StoreClause[] = [
  {
    id: "cas-1",
    name: "MUST let exactly one of different changes and a delete at one version win, whichever they are",
    async run(store, others = []) {
      const stores = [store, ...others];
      for (let round = 0; round < 10; round += 1) {
        const row = await add(store);
        const of = (index: number): SessionStore => stores[(index + round) % stores.length] ?? store;
        const rivals = CHANGES.map((change, index) => () => change.apply(of(index), row.handle, row.version));
        rivals.push(() => of(CHANGES.length).deleteSessionAtVersion(row.handle, row.version));
        // Each rival is first once.
        const order = rivals.map((_, index) => (index + round) % rivals.length);
        const won = await Promise.all(order.map((index) => rivals[index]?.() ?? Promise.resolve(false)));
        equal(countTrue(won), 1);
        const deleted = order[won.indexOf(true)] === rivals.length - 1;
        equal((await find(store, row.handle))?.version, deleted ? undefined : row.version + 1);
      }
    },
  },
  {
    id: "cas-2",
    name: "MUST let one of 50 parallel uses of a token that is good once succeed, and the next one end the session",
    async run(store, others = []) {
      for (let round = 0; round < 5; round += 1) {
        const row = await add(store);
        const outcomes: readonly string[] = await race([store, ...others], 50, (each) => useOnce(each, row.handle));
        same(outcomes.toSorted(), [...Array<string>(48).fill("gone"), "reuse", "used"]);
        equal(await find(store, row.handle), undefined);
      }
    },
  },
];
