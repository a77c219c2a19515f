import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import type { AuditPosition, AuditRow } from "../../revocation/audit-store.ts";
import type { AuditNote, Journal } from "../../revocation/log-store.ts";
import type { SessionRecord } from "../../session/record.ts";
import type { SessionStore } from "../../session/session-store.ts";
import { add, countTrue, race, type StoreClause } from "./clause.ts";
import { newRecord, newUser, randomName, T0 } from "./rows.ts";

const HOUR = 3_600_000;

const NOTE: AuditNote = { event: "session-revoked", facts: '{"reason":"é | \'quoted\\" \\\\ \\u0000 %", "n": 1.50}' };

const unaudited = (): Journal => ({ id: randomName(15), keep: HOUR });
const audited = (): Journal => ({ ...unaudited(), audit: NOTE });

/** All rows about these users, those of one moment by their handle. */
async function rowsOf(store: SessionStore, ...userKeys: readonly string[]): Promise<readonly AuditRow[]> {
  const rows: AuditRow[] = [];
  for (const userKey of userKeys)
    rows.push(...(await store.readAudit({ userKey, from: 0, limit: 1000, after: undefined })));
  return rows.toSorted((a, b) => Number((a.handle ?? "") > (b.handle ?? "")) - 0.5);
}

const factsOf = ({ event, handle, userKey, actorKey, facts }: AuditRow): object => ({
  event,
  handle,
  userKey,
  actorKey,
  facts,
});

const rowFor = (
  { handle, userKey, actorKey }: Pick<AuditRow, "handle" | "userKey" | "actorKey">,
  note: AuditNote = NOTE,
): object => ({ ...note, handle, userKey, actorKey });

const byHandle = (a: { readonly handle: string }, b: { readonly handle: string }): number =>
  Number(a.handle > b.handle) - 0.5;

export const auditClauses: readonly StoreClause[] = [
  {
    id: "audit-1",
    name: "MUST write one audit row for a session that a call removes by its handle or version, and none for others",
    async run(store) {
      const userKey = newUser();
      const acted = { userKey, actorKey: newUser(), actorHandle: newRecord().handle };
      const [one, two, three] = [await add(store, { userKey }), await add(store, { userKey }), await add(store, acted)];
      equal(await store.deleteSession(one.handle, audited()), true);
      equal(await store.deleteSession(one.handle, audited()), false);
      equal(await store.deleteSessionAtVersion(two.handle, 2, audited()), false);
      equal(await store.deleteSessionAtVersion(three.handle, 1, audited()), true);
      equal(await store.deleteSession(two.handle, unaudited()), true);
      same(
        (await rowsOf(store, userKey)).map(factsOf),
        [one, three].toSorted(byHandle).map((row) => rowFor(row)),
      );
    },
  },
  {
    id: "audit-2",
    name: "MUST write one audit row for each session of a user that a call removes",
    async run(store) {
      const userKey = newUser(`ünknown | 'user' " \\ \0 ${randomName(6)}`);
      const kept = await add(store, { userKey });
      const others = [];
      for (let index = 0; index < 5; index += 1) others.push(await add(store, { userKey, createdAt: T0 + index }));
      const ended = [
        ...(await store.deleteSessionsOfUser(userKey, kept.handle, 3, audited())),
        ...(await store.deleteSessionsOfUser(userKey, kept.handle, 3, audited())),
        ...(await store.deleteSessionsOfUser(userKey, kept.handle, 3, audited())),
      ];
      equal(ended.length, 5);
      same(
        (await rowsOf(store, userKey)).map(factsOf),
        others.toSorted(byHandle).map((row) => rowFor(row)),
      );
    },
  },
  {
    id: "audit-3",
    name: "MUST write one audit row for each session that a sign-in begins, replaces or ends, with any limit",
    async run(store) {
      const [begun, replaced, ended] = ["session-created", "replaced", "ended"].map((event) => ({
        event,
        facts: JSON.stringify({ event }),
      }));
      const journal = audited();
      const journals = {
        begun: { ...journal, audit: begun },
        replaced: { ...journal, audit: replaced },
        ended: { ...journal, audit: ended },
      };
      for (const onLimit of ["end-oldest", "trim", "refuse", "none"] as const) {
        const userKey = newUser();
        const older = await add(store, { userKey });
        await add(store, { userKey, createdAt: T0 + 2 });
        const stranger = await add(store);
        const next = newRecord({ userKey, createdAt: T0 + 3, actorKey: newUser() });
        const limit = onLimit === "trim" ? { max: 2, onLimit, atOnce: 10 } : { max: 2, onLimit };
        const given = onLimit === "none" ? undefined : (limit as { readonly max: 2; readonly onLimit: "refuse" });
        await store.createSession(next, given, stranger.handle, journals);
        const rows = (await rowsOf(store, userKey, stranger.userKey)).map(factsOf);
        const wanted = [
          ...(onLimit === "none" ? [] : [{ ...older, note: ended }]),
          { ...stranger, note: replaced },
          { ...next, note: begun },
        ];
        const all = onLimit === "refuse" ? [] : wanted.toSorted(byHandle);
        same(
          rows,
          all.map(({ note, ...row }) => rowFor(row, note)),
          onLimit,
        );
      }
      // Nothing to replace, and no limit.
      const alone = newRecord();
      await store.createSession(alone, undefined, undefined, journals);
      await store.createSession(newRecord({ userKey: alone.userKey }), undefined);
      same((await rowsOf(store, alone.userKey)).map(factsOf), [rowFor(alone, begun)]);
    },
  },
  {
    id: "audit-4",
    name: "MUST write one audit row for changed claims, and none for a change that lost a race",
    async run(store) {
      const row = await add(store, { actorKey: newUser() });
      equal(await store.replaceClaims(row.handle, 2, "{}", audited()), false);
      equal(await store.replaceClaims(row.handle, 1, "{}", audited()), true);
      equal(await store.replaceClaims(row.handle, 2, '{"a":1}', unaudited()), true);
      same((await rowsOf(store, row.userKey)).map(factsOf), [rowFor(row)]);
    },
  },
  {
    id: "audit-5",
    name: "MUST write exactly one audit row for a session that 24 parallel calls remove in every way",
    async run(store, others = []) {
      const userKey = newUser();
      const rows: SessionRecord[] = [];
      for (let index = 0; index < 4; index += 1) rows.push(await add(store, { userKey, createdAt: T0 + index }));
      const ways: readonly ((each: SessionStore, handle: string) => Promise<number>)[] = [
        async (each, handle) => Number(await each.deleteSession(handle, audited())),
        async (each, handle) => Number(await each.deleteSessionAtVersion(handle, 1, audited())),
        async (each) => (await each.deleteSessionsOfUser(userKey, undefined, 2, audited())).length,
      ];
      const counts: readonly number[] = await race([store, ...others], 24, async (each, index) => {
        const way = ways[index % ways.length];
        return way === undefined ? 0 : way(each, rows[Math.floor(index / ways.length) % rows.length]?.handle ?? "");
      });
      equal(
        counts.reduce((sum, count) => sum + count, 0),
        4,
      );
      same(
        (await rowsOf(store, userKey)).map(factsOf),
        rows.toSorted(byHandle).map((row) => rowFor(row)),
      );
      // Two sign-ins over one session: it ends once.
      const { handle } = await add(store, { userKey });
      const replaced: readonly boolean[] = await race([store, ...others], 8, async (each) => {
        const next = newRecord({ userKey });
        const journal = unaudited();
        const journals = { begun: journal, ended: journal, replaced: audited() };
        return (await each.createSession(next, undefined, handle, journals)).replaced;
      });
      equal(countTrue(replaced), 1);
      equal((await rowsOf(store, userKey)).filter((row) => row.handle === handle).length, 1);
    },
  },
  {
    id: "audit-6",
    name: "MUST append audit rows and read them as they were written, of one user and of all, from a time on",
    async run(store) {
      const name = `\u00c9 'quoted" | \\ \0 ${randomName(6)}`;
      const [userKey, actorKey] = [newUser(name), newUser()];
      const { handle } = newRecord({ userKey });
      const [own, nobody] = [randomName(15), randomName(15)];
      const before = await newestTime(store);
      await store.appendAudit({ ...NOTE, handle, userKey, actorKey }, own);
      await store.appendAudit({ ...NOTE, event: "all", handle: null, userKey: null, actorKey: null }, nobody);
      const [row] = await rowsOf(store, userKey);
      ok(row !== undefined);
      const { loggedAt, ...rest } = row;
      same({ ...rest }, { ...NOTE, id: own, handle, userKey, actorKey });
      ok(Math.abs(loggedAt - Date.now()) < HOUR);
      ok(loggedAt >= before - 75_000);
      const all = await store.readAudit({ userKey: undefined, from: loggedAt - 75_000, limit: 1000, after: undefined });
      const ours = all.filter(({ id }) => id === own || id === nobody).map(factsOf);
      same(
        ours.toSorted((a, b) => JSON.stringify(a).length - JSON.stringify(b).length),
        [
          { ...NOTE, event: "all", handle: null, userKey: null, actorKey: null },
          { ...NOTE, handle, userKey, actorKey },
        ],
      );
      for (const asked of [userKey, undefined])
        same([...(await store.readAudit({ userKey: asked, from: loggedAt + HOUR, limit: 10, after: undefined }))], []);
      same(await rowsOf(store, newUser(name.toLowerCase())), []);
      same(await rowsOf(store, actorKey), []);
    },
  },
  {
    id: "audit-7",
    name: "MUST read audit rows in pages, newest first, each once, also many of one moment",
    async run(store) {
      const userKey = newUser();
      for (let index = 0; index < 23; index += 1) await add(store, { userKey, createdAt: T0 + index });
      equal((await store.deleteSessionsOfUser(userKey, undefined, 100, audited())).length, 23);
      for (let index = 0; index < 3; index += 1)
        await store.appendAudit({ ...NOTE, handle: null, userKey, actorKey: null }, randomName(15));
      for (const asked of [userKey, undefined]) {
        const seen: AuditRow[] = [];
        let after: AuditPosition | undefined;
        for (;;) {
          const page = await store.readAudit({ userKey: asked, from: 0, limit: 7, after });
          ok(page.length <= 7);
          seen.push(...page);
          after = page.at(-1);
          if (page.length < 7 || seen.filter((row) => row.userKey === userKey).length >= 26) break;
        }
        equal(new Set(seen.map(({ id }) => id)).size, seen.length);
        equal(seen.filter((row) => row.userKey === userKey).length, 26);
        const positions = seen.map(({ loggedAt, id }) => ({ loggedAt, id }));
        same(positions, positions.toSorted(newestFirst));
      }
      const [newest] = await store.readAudit({ userKey, from: 0, limit: 1, after: undefined });
      ok(newest !== undefined);
      const older = { loggedAt: newest.loggedAt, id: "" };
      for (const row of await store.readAudit({ userKey, from: 0, limit: 100, after: older }))
        ok(row.loggedAt < newest.loggedAt);
    },
  },
  {
    id: "audit-8",
    name: "MUST remove audit rows older than an age, at most the given number, and count them",
    async run(store) {
      const userKey = newUser();
      await store.appendAudit({ ...NOTE, handle: null, userKey: null, actorKey: null }, randomName(15));
      for (let index = 0; index < 5; index += 1)
        await store.appendAudit({ ...NOTE, handle: null, userKey, actorKey: null }, randomName(15));
      equal(await store.deleteOldAudit(HOUR, 100), 0);
      equal((await rowsOf(store, userKey)).length, 5);
      // All rows are older than in an hour.
      equal(await store.deleteOldAudit(-HOUR, 4), 4);
      for (let count = 200; count === 200;) count = await store.deleteOldAudit(-HOUR, 200);
      same([...(await store.readAudit({ userKey: undefined, from: 0, limit: 10, after: undefined }))], []);
      equal(await store.deleteOldAudit(-HOUR, 4), 0);
    },
  },
  {
    id: "audit-9",
    name: "MUST forget the audit rows about a user, at most the given number, and none that name another",
    async run(store) {
      const [userKey, other] = [newUser(), newUser()];
      for (let index = 0; index < 5; index += 1) {
        await store.appendAudit({ ...NOTE, handle: null, userKey, actorKey: null }, randomName(15));
        await store.appendAudit({ ...NOTE, handle: null, userKey: other, actorKey: userKey }, randomName(15));
      }
      equal(await store.forgetAudit(userKey, 3), 3);
      equal((await rowsOf(store, userKey)).length, 2);
      equal(await store.forgetAudit(userKey, 3), 2);
      equal(await store.forgetAudit(userKey, 3), 0);
      same([(await rowsOf(store, userKey)).length, (await rowsOf(store, other)).length], [0, 5]);
    },
  },
  {
    id: "audit-10",
    name: "MUST write no audit row for sessions that a sweep removes",
    async run(store) {
      const { userKey } = await add(store, { expiresAt: T0 - 1 });
      await store.deleteExpiredSessions(T0, 10_000);
      same([...(await rowsOf(store, userKey))], []);
    },
  },
];

async function newestTime(store: SessionStore): Promise<number> {
  const [row] = await store.readAudit({ userKey: undefined, from: 0, limit: 1, after: undefined });
  return row?.loggedAt ?? 0;
}

const newestFirst = (a: AuditPosition, b: AuditPosition): number => b.loggedAt - a.loggedAt || (a.id < b.id ? 1 : -1);
