import { deepStrictEqual as same } from "node:assert";
import type { SessionRecord } from "../../session/record.ts";
import { ALL, plain, type StoreClause, summaryOf } from "./clause.ts";
import { newRecord, newUser, randomName, T0 } from "./rows.ts";

/** Texts that collations, trimming, types or encodings of databases tend to treat as equal. */
const IDENTITIES: readonly { id: string; what: string; users: (tag: string) => readonly (string | number)[] }[] = [
  { id: "identity-1", what: "case", users: (tag) => [`alice${tag}`, `ALICE${tag}`, `Alice${tag}`] },
  { id: "identity-2", what: "accents", users: (tag) => [`${tag}Alice`, `${tag}Alic\u00e9`, `${tag}Alice\u0301`] },
  { id: "identity-3", what: "blanks around", users: (tag) => [tag, `${tag} `, ` ${tag}`, `${tag}\t`, `${tag}\u00a0`] },
  { id: "identity-4", what: "number against string", users: () => [4217, "4217", "4217.0", 42.17, -0, 0, "0", "-0"] },
  {
    id: "identity-5",
    what: "surrogates",
    users: (tag) => ["\ud800", "\udbff", "\udc00", "\ufffd"].map((x) => tag + x),
  },
  { id: "identity-6", what: "NUL", users: (tag) => [tag, `${tag}\0`, `${tag}\0a`, `${tag}\0b`] },
  {
    id: "identity-7",
    what: "the 256th character",
    users: () => ["\udfff", "\udffe"].map((x) => "\ud800".repeat(255) + x),
  },
  {
    id: "identity-8",
    what: "look-alikes",
    users: (tag) => ["ss", "\u00df", "I", "\u0131", "\u212a", "K"].map((x) => tag + x),
  },
  { id: "identity-9", what: "patterns", users: (tag) => [`${tag}ab`, `${tag}a%`, `${tag}a_`, `${tag}a\\`, `${tag}a'`] },
];

export const identityClauses: readonly StoreClause[] = IDENTITIES.map(({ id, what, users }): StoreClause => ({
  id,
  name: `MUST tell users apart by ${what} in counting, listing and deleting`,
  async run(store) {
    const keys = users(randomName(6)).map((user) => newUser(user));
    // These users are not unique to this run, so leftovers of an earlier one are removed first.
    for (const key of keys) await store.deleteSessionsOfUser(key, undefined, 1000);
    const rows: SessionRecord[] = [];
    for (const userKey of keys) {
      const row = newRecord({ userKey });
      same(await store.createSession(row, { max: 1, onLimit: "refuse" }), {
        created: true,
        ended: [],
        replaced: false,
      });
      rows.push(row);
    }
    for (const row of rows) {
      same((await store.listSessionsOfUser(row.userKey, T0, ALL)).map(plain), [summaryOf(row)]);
      same(await store.deleteSessionsOfUser(row.userKey, undefined, 1000), [row.handle]);
    }
  },
}));
