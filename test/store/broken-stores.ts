/**
 * Stores that are wrong in one way each, and the clauses that must say so. Every one is a real
 * store with one operation changed to a mistake that databases and their drivers invite; together
 * they fail every clause of the list.
 */
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { DatabaseSync } from "node:sqlite";
import type { SessionRecord } from "../../src/lib/session/record.ts";
import { readMigrations } from "../../src/lib/store/migrations.ts";
import type { Journal } from "../../src/lib/revocation/log-store.ts";
import type { FoundSession, SessionStore } from "../../src/lib/session/session-store.ts";
import { ALL } from "../../src/lib/testing/store/clause.ts";
import { T0 } from "../../src/lib/testing/store/rows.ts";

export interface BrokenStore {
  readonly mistake: string;
  /** Clauses that must fail; others may fail too. */
  readonly caughtBy: readonly string[];
  readonly make: () => SessionStore;
}

export function broken(
  mistake: string,
  caughtBy: string,
  change: (inner: SessionStore) => Partial<SessionStore>,
): BrokenStore {
  const make = (): SessionStore => {
    const inner = memory();
    return { ...inner, ...change(inner) };
  };
  return { mistake, caughtBy: caughtBy.split(" "), make };
}

const withTime = (row: FoundSession | undefined, storeTime: number): FoundSession | undefined =>
  row === undefined ? undefined : { ...row, storeTime };

/** Takes users for one whose keys `fold` makes equal. */
const folding = (mistake: string, caughtBy: string, fold: (userKey: string) => string): BrokenStore =>
  broken(mistake, caughtBy, (inner) => {
    const seen = new Set<string>();
    const alike = (userKey: string): string[] => [...seen].filter((other) => fold(other) === fold(userKey));
    return {
      createSession: (record, limit, replaces) =>
        inner.createSession(record, (seen.add(record.userKey), limit), replaces),
      listSessionsOfUser: async (userKey, now, page) =>
        (await Promise.all(alike(userKey).map((key) => inner.listSessionsOfUser(key, now, page)))).flat(),
    };
  });

/** Remembers rows that are gone and writes them again, as an upsert does. */
function reviving(inner: SessionStore): Partial<SessionStore> {
  const known = new Map<string, SessionRecord>();
  const revive = async (handle: string): Promise<boolean> => {
    const row = known.get(handle);
    if (row === undefined || (await inner.findSession(handle)) !== undefined) return false;
    return (await inner.createSession(row, undefined)).created;
  };
  return {
    createSession: (record, limit, replaces) =>
      inner.createSession((known.set(record.handle, record), record), limit, replaces),
    commitRefresh: async (handle, version, write) =>
      (await inner.commitRefresh(handle, version, write)) || (await revive(handle)),
    replaceClaims: async (handle, version, claims) =>
      (await inner.replaceClaims(handle, version, claims)) || (await revive(handle)),
    replaceData: async (handle, version, data) =>
      (await inner.replaceData(handle, version, data)) || (await revive(handle)),
    replaceLabel: async (handle, version, label) =>
      (await inner.replaceLabel(handle, version, label)) || (await revive(handle)),
    replaceSignIn: async (handle, version, signIn) =>
      (await inner.replaceSignIn(handle, version, signIn)) || (await revive(handle)),
  };
}

/** A table whose user column compares as SQLite's NOCASE collation does. */
const caseless: BrokenStore = {
  mistake: "user_key TEXT COLLATE NOCASE",
  caughtBy: ["identity-1"],
  make() {
    const database = new DatabaseSync(":memory:");
    for (const { version, sql } of readMigrations("sqlite")) {
      database.exec(sql.replace("user_key            TEXT    NOT NULL", "user_key TEXT NOT NULL COLLATE NOCASE"));
      database.exec(`CREATE TABLE IF NOT EXISTS counterfoil_migration (version INTEGER NOT NULL PRIMARY KEY) STRICT;
        INSERT INTO counterfoil_migration (version) VALUES (${version})`);
    }
    return sqlite({ database });
  },
};

/** Writes at whatever version the row has now: the last write wins. */
async function regardless(
  inner: SessionStore,
  handle: string,
  write: (version: number) => Promise<boolean>,
): Promise<boolean> {
  for (;;) {
    const row = await inner.findSession(handle);
    if (row === undefined || (await write(row.version))) return row !== undefined;
  }
}

const respell = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text.trim();
  }
};

/** An audit row about nobody. */
const NOTHING = { event: "session-revoked", facts: "{}", handle: null, userKey: null, actorKey: null };
const NO_ID = "0".repeat(20);

/** The user of the last session that began. */
let lastUser: string | null = null;
const noteUser = ({ userKey }: SessionRecord): void => void (lastUser = userKey);

const withoutAudit = (journal: Journal | undefined): Journal | undefined => journal && { ...journal, audit: undefined };

export const brokenStores: readonly BrokenStore[] = [
  caseless,
  broken("commitRefresh reads, then writes, and ignores the version", "refresh-2 refresh-4 cas-1 cas-2", (inner) => ({
    commitRefresh: (handle, _, write) =>
      regardless(inner, handle, (version) => inner.commitRefresh(handle, version, write)),
  })),
  broken("commitRefresh reads, compares, then writes", "refresh-4 cas-1 cas-2", (inner) => ({
    async commitRefresh(handle, version, write) {
      if ((await inner.findSession(handle))?.version !== version) return false;
      return regardless(inner, handle, (current) => inner.commitRefresh(handle, current, write));
    },
  })),
  broken("replaceClaims ignores the version", "claims-2 claims-4 cas-1", (inner) => ({
    replaceClaims: (handle, _, claims) =>
      regardless(inner, handle, (version) => inner.replaceClaims(handle, version, claims)),
  })),
  broken("replaceData ignores the version", "data-2 data-4 cas-1", (inner) => ({
    replaceData: (handle, _, data) => regardless(inner, handle, (version) => inner.replaceData(handle, version, data)),
  })),
  broken("replaceLabel ignores the version", "label-2 label-4 cas-1", (inner) => ({
    replaceLabel: (handle, _, label) =>
      regardless(inner, handle, (version) => inner.replaceLabel(handle, version, label)),
  })),
  broken("replaceSignIn ignores the version", "signin-2 signin-4 cas-1", (inner) => ({
    replaceSignIn: (handle, _, signIn) =>
      regardless(inner, handle, (version) => inner.replaceSignIn(handle, version, signIn)),
  })),
  broken("replaceSignIn forgets the methods", "signin-1 signin-4 signin-5", (inner) => ({
    replaceSignIn: (handle, version, signIn) => inner.replaceSignIn(handle, version, { ...signIn, amr: null }),
  })),
  broken("a label is written as JSON", "label-1 label-5", (inner) => ({
    replaceLabel: (handle, version, label) => inner.replaceLabel(handle, version, JSON.stringify(label)),
  })),
  broken("a label that is removed becomes empty", "label-5", (inner) => ({
    replaceLabel: (handle, version, label) => inner.replaceLabel(handle, version, label ?? ""),
  })),
  broken("writes are upserts, so a deleted row comes back", "refresh-3 claims-3 data-3 label-3 signin-3", reviving),
  broken("commitRefresh forgets the device", "refresh-1 text-1", (inner) => ({
    commitRefresh: (handle, version, write) => inner.commitRefresh(handle, version, { ...write, device: "{}" }),
  })),
  broken("claims and data are swapped", "claims-1 data-1", (inner) => ({
    replaceClaims: (handle, version, claims) => inner.replaceData(handle, version, claims),
    replaceData: (handle, version, data) => inner.replaceClaims(handle, version, data),
  })),
  broken("JSON is spelled anew", "text-1", (inner) => ({
    createSession: (row, limit) =>
      inner.createSession({ ...row, claims: respell(row.claims), data: respell(row.data) }, limit),
  })),
  broken("whole numbers have 32 bits", "create-1", (inner) => ({
    createSession: (row, limit) => inner.createSession({ ...row, claimsVersion: row.claimsVersion | 0 }, limit),
  })),
  broken("preparing makes the schema anew", "prepare-1", (inner) => ({
    prepare: async () => void (await inner.deleteExpiredSessions(Number.MAX_SAFE_INTEGER, 1000)),
  })),
  broken("handles are compared without case", "find-1", (inner) => {
    const seen = new Map<string, string>();
    return {
      createSession: (row, limit) => inner.createSession((seen.set(row.handle.toLowerCase(), row.handle), row), limit),
      findSession: (handle) => inner.findSession(seen.get(handle.toLowerCase()) ?? handle),
    };
  }),
  broken("an expired row is not found", "find-2", (inner) => ({
    async findSession(handle) {
      const row = await inner.findSession(handle);
      return row !== undefined && row.expiresAt > T0 ? row : undefined;
    },
  })),
  broken("the limit is ignored", "limit-1 limit-2", (inner) => ({
    createSession: (row) => inner.createSession(row, undefined),
  })),
  broken("the limit counts expired rows", "limit-3", (inner) => ({
    async createSession(row, limit) {
      const rows = await inner.listSessionsOfUser(row.userKey, 0, ALL);
      if (limit?.onLimit === "refuse" && rows.length >= limit.max)
        return { created: false, ended: [], replaced: false };
      return inner.createSession(row, limit);
    },
  })),
  broken("counting, ending and adding are separate steps", "limit-4 limit-5", (inner) => ({
    async createSession(row, limit) {
      const live = await inner.listSessionsOfUser(row.userKey, row.createdAt, ALL);
      if (limit?.onLimit === "refuse" && live.length >= limit.max)
        return { created: false, ended: [], replaced: false };
      const ended = live.slice(limit === undefined ? live.length : limit.max - 1).map(({ handle }) => handle);
      for (const handle of ended) await inner.deleteSession(handle);
      await inner.createSession(row, undefined);
      return { created: true, ended, replaced: false };
    },
  })),
  broken("a limit of one session is taken for none", "limit-11", (inner) => ({
    createSession: (row, limit, replaces) => inner.createSession(row, limit?.max === 1 ? undefined : limit, replaces),
  })),
  broken("a soft limit ends the newest that are too many", "limit-7", (inner) => ({
    async createSession(row, limit, replaces) {
      if (limit?.onLimit !== "trim") return inner.createSession(row, limit, replaces);
      const live = await inner.listSessionsOfUser(row.userKey, row.createdAt, ALL);
      const rivals = live.map(({ handle }) => handle).filter((handle) => handle !== replaces);
      const ended = rivals.slice(limit.max - 1, limit.max - 1 + limit.atOnce);
      for (const handle of ended) await inner.deleteSession(handle);
      return { ...(await inner.createSession(row, undefined, replaces)), ended };
    },
  })),
  broken("a soft limit ends all that are too many at once", "limit-7", (inner) => ({
    createSession: (row, limit, replaces) =>
      inner.createSession(row, limit?.onLimit === "trim" ? { max: limit.max, onLimit: "end-oldest" } : limit, replaces),
  })),
  broken("a soft limit is ignored", "limit-6 limit-7 limit-8 limit-9", (inner) => ({
    createSession: (row, limit, replaces) =>
      inner.createSession(row, limit?.onLimit === "trim" ? undefined : limit, replaces),
  })),
  broken("a soft limit names what another sign-in has ended", "limit-8", (inner) => ({
    async createSession(row, limit, replaces) {
      if (limit?.onLimit !== "trim") return inner.createSession(row, limit, replaces);
      const outcome = await inner.createSession(row, undefined, replaces);
      const live = await inner.listSessionsOfUser(row.userKey, row.createdAt, ALL);
      const rivals = live.map(({ handle }) => handle).filter((handle) => handle !== row.handle);
      const ended = rivals.slice(limit.max - 1).slice(-limit.atOnce);
      for (const handle of ended) await inner.deleteSession(handle);
      return { ...outcome, ended };
    },
  })),
  broken("a soft limit counts the session that is replaced", "limit-9", (inner) => ({
    async createSession(row, limit, replaces) {
      if (limit?.onLimit !== "trim" || replaces === undefined) return inner.createSession(row, limit, replaces);
      const outcome = await inner.createSession(row, limit);
      return { ...outcome, replaced: await inner.deleteSession(replaces) };
    },
  })),
  broken("a soft limit counts expired rows", "limit-6", (inner) => ({
    async createSession(row, limit, replaces) {
      if (limit?.onLimit !== "trim") return inner.createSession(row, limit, replaces);
      const rows = await inner.listSessionsOfUser(row.userKey, 0, ALL);
      const rivals = rows.map(({ handle }) => handle).filter((handle) => handle !== replaces);
      const ended = rivals.slice(limit.max - 1).slice(-limit.atOnce);
      for (const handle of ended) await inner.deleteSession(handle);
      return { ...(await inner.createSession(row, undefined, replaces)), ended };
    },
  })),
  broken("devices are compared without case", "device-1", (inner) => ({
    rememberDevice: (userKey, device, now, until) => inner.rememberDevice(userKey, device.toLowerCase(), now, until),
  })),
  broken("the first device of a user counts as new", "device-1 device-2 device-3 device-5", (inner) => ({
    rememberDevice: async (userKey, device, now, until) =>
      (await inner.rememberDevice(userKey, device, now, until)) === true,
  })),
  broken("the end of a device is never brought forward, nor put off", "device-2", (inner) => {
    const ends = new Map<string, number>();
    return {
      async rememberDevice(userKey, device, now, until) {
        const name = `${userKey} ${device}`;
        const end = ends.get(name) ?? 0;
        const at = end > now ? end : until;
        ends.set(name, at);
        return inner.rememberDevice(userKey, device, now, at);
      },
    };
  }),
  broken("a device is looked for, then remembered", "device-3", (inner) => ({
    async rememberDevice(userKey, device, now, until) {
      const known = await inner.rememberDevice(userKey, device, now, now);
      await new Promise(setImmediate);
      await inner.rememberDevice(userKey, device, now, until);
      return known;
    },
  })),
  broken("devices are remembered without number", "device-4", (inner) => {
    const all = new Map<string, number>();
    return {
      async rememberDevice(userKey, device, now, until) {
        const known = await inner.rememberDevice(userKey, device, now, until);
        const name = `${userKey} ${device}`;
        const isKnown = (all.get(name) ?? now) > now;
        all.set(name, until);
        return isKnown || known;
      },
    };
  }),
  broken("one more device is said to be forgotten", "device-5", (inner) => ({
    forgetDevices: async (userKey) => (await inner.forgetDevices(userKey)) + 1,
  })),
  broken("a sweep leaves devices alone", "device-6", (inner) => {
    const held = new Set<string>();
    return {
      rememberDevice: (userKey, device, now, until) => (
        held.add(userKey),
        inner.rememberDevice(userKey, device, now, until)
      ),
      forgetDevices: async (userKey) => (await inner.forgetDevices(userKey)) || (held.delete(userKey) ? 1 : 0),
    };
  }),
  broken("nothing is ever replaced", "replace-1 replace-2", (inner) => ({
    createSession: (row, limit) => inner.createSession(row, limit),
  })),
  broken("which session was replaced is lost at sign-in", "create-1 replace-4", (inner) => ({
    createSession: (row, limit, replaces) => inner.createSession({ ...row, replacedHandle: null }, limit, replaces),
  })),
  broken("which session was replaced is lost with a refresh", "replace-4", (inner) => ({
    commitRefresh: (handle, version, write) => {
      const wrong = { ...write, replacedHandle: null };
      return inner.commitRefresh(handle, version, wrong);
    },
  })),
  broken("what was replaced is remembered a moment too long", "replaced-1 replaced-2", (inner) => ({
    rememberReplaced: (handle, until) => inner.rememberReplaced(handle, until + 1),
  })),
  broken("a name is used once by a store that looks before it writes", "replaced-3", (inner) => ({
    async rememberOnce(once, until) {
      if (await inner.wasReplaced(once, until - 1)) return false;
      await inner.rememberReplaced(once, until);
      return true;
    },
  })),
  broken("what is replaced is ended before the limit is looked at", "replace-3", (inner) => ({
    async createSession(row, limit, replaces) {
      const replaced = replaces !== undefined && (await inner.deleteSession(replaces));
      return { ...(await inner.createSession(row, limit)), replaced };
    },
  })),
  broken("deleteSession always says true", "delete-1", (inner) => ({
    deleteSession: async (handle) => (await inner.deleteSession(handle)) || true,
  })),
  broken("deleteSession reads, then deletes", "delete-2", (inner) => ({
    async deleteSession(handle) {
      const existed = (await inner.findSession(handle)) !== undefined;
      await inner.deleteSession(handle);
      return existed;
    },
  })),
  broken("deleteSessionAtVersion ignores the version", "delete-3 cas-1", (inner) => ({
    deleteSessionAtVersion: (handle) => inner.deleteSession(handle),
  })),
  broken("only live sessions of a user are deleted", "user-1", (inner) => ({
    async deleteSessionsOfUser(userKey, except, limit) {
      const all = await inner.listSessionsOfUser(userKey, T0, ALL);
      const live = all.filter(({ handle }) => handle !== except).slice(0, limit);
      for (const { handle } of live) await inner.deleteSession(handle);
      return live.map(({ handle }) => handle);
    },
  })),
  broken("the exception is ignored", "user-2", (inner) => ({
    deleteSessionsOfUser: (userKey, _, limit) => inner.deleteSessionsOfUser(userKey, undefined, limit),
  })),
  broken("deleteSessionsOfUser reads, then deletes", "user-3", (inner) => ({
    async deleteSessionsOfUser(userKey, except, limit) {
      const rows = await inner.listSessionsOfUser(userKey, 0, ALL);
      const handles = rows.map(({ handle }) => handle).filter((handle) => handle !== except);
      await inner.deleteSessionsOfUser(userKey, except, limit);
      return handles.slice(0, limit);
    },
  })),
  broken("deleteSessionsOfUser ignores its limit", "user-4", (inner) => ({
    deleteSessionsOfUser: (userKey, except) => inner.deleteSessionsOfUser(userKey, except, 1000),
  })),
  broken("the session to spare counts towards the limit", "user-4", (inner) => ({
    async deleteSessionsOfUser(userKey, except, limit) {
      const isThere = except !== undefined && (await inner.findSession(except)) !== undefined;
      return inner.deleteSessionsOfUser(userKey, except, isThere ? limit - 1 : limit);
    },
  })),
  broken("a removal logs a session that another one has removed", "log-1", (inner) => ({
    async deleteSession(handle, journal) {
      if (journal !== undefined) await inner.appendLog({ kind: "ended", handle }, journal);
      return inner.deleteSession(handle);
    },
  })),
  broken("the removal of a user's sessions logs each of them", "log-2", (inner) => ({
    async deleteSessionsOfUser(userKey, except, limit, journal) {
      const handles = await inner.deleteSessionsOfUser(userKey, except, limit);
      for (const handle of handles) if (journal) await inner.appendLog({ kind: "ended", handle }, journal);
      return handles;
    },
  })),
  broken("a sign-in does not log what it ends", "log-3", (inner) => ({
    createSession: (record, limit, replaces) => inner.createSession(record, limit, replaces),
  })),
  broken("changed claims are logged with the old version", "log-4", (inner) => ({
    async replaceClaims(handle, version, claims, journal) {
      const row = await inner.findSession(handle);
      const isDone = await inner.replaceClaims(handle, version, claims);
      if (isDone && journal && row)
        await inner.appendLog({ kind: "claims", handle, claimsVersion: row.claimsVersion }, journal);
      return isDone;
    },
  })),
  broken("an entry forgets who wrote it", "log-5", (inner) => ({
    appendLog: (entry, journal) => inner.appendLog(entry, { ...journal, id: "0".repeat(20) }),
  })),
  broken("the log is read from its beginning", "log-6", (inner) => ({
    readLog: (_, limit) => inner.readLog(0, limit),
  })),
  broken("a removal without a journal is logged all the same", "log-7", (inner) => ({
    deleteSession: (handle, journal = { id: "0".repeat(20), keep: 1000 }) => inner.deleteSession(handle, journal),
  })),
  broken("a removal writes an audit row also for a session that is gone", "audit-1", (inner) => ({
    async deleteSession(handle, journal) {
      const existed = await inner.deleteSession(handle, journal);
      if (!existed) await inner.appendAudit({ ...NOTHING, ...journal?.audit, handle, userKey: lastUser }, NO_ID);
      return existed;
    },
    createSession: (record, ...rest) => inner.createSession((noteUser(record), record), ...rest),
  })),
  broken("the removal of a user's sessions is one audit row", "audit-2", (inner) => ({
    async deleteSessionsOfUser(userKey, except, limit, journal) {
      if (journal?.audit !== undefined) await inner.appendAudit({ ...NOTHING, ...journal.audit, userKey }, journal.id);
      return inner.deleteSessionsOfUser(userKey, except, limit, withoutAudit(journal));
    },
  })),
  broken("a sign-in writes no audit row for what it ends", "audit-3", (inner) => ({
    createSession: (record, limit, replaces, journal) =>
      inner.createSession(
        record,
        limit,
        replaces,
        journal && { ...journal, ended: { ...journal.ended, audit: undefined } },
      ),
  })),
  broken("a change of claims writes an audit row before it looks at the version", "audit-4", (inner) => ({
    async replaceClaims(handle, version, claims, journal) {
      const row = await inner.findSession(handle);
      if (journal?.audit !== undefined && row !== undefined)
        await inner.appendAudit({ ...row, ...journal.audit }, journal.id);
      return inner.replaceClaims(handle, version, claims, withoutAudit(journal));
    },
  })),
  broken("a removal writes its audit row in a step of its own", "audit-5", (inner) => ({
    async deleteSession(handle, journal) {
      const row = await inner.findSession(handle);
      if (journal?.audit !== undefined && row !== undefined)
        await inner.appendAudit({ ...row, ...journal.audit }, journal.id);
      return inner.deleteSession(handle, withoutAudit(journal));
    },
  })),
  broken("facts of an audit row are spelled anew", "audit-6", (inner) => ({
    appendAudit: (row, id) => inner.appendAudit({ ...row, facts: respell(row.facts) }, id),
  })),
  broken("a position in the audit table is a time only", "audit-7", (inner) => ({
    readAudit: (query) => inner.readAudit({ ...query, after: query.after && { ...query.after, id: "" } }),
  })),
  broken("audit rows are removed whatever their age", "audit-8", (inner) => ({
    deleteOldAudit: (_, limit) => inner.deleteOldAudit(Number.NEGATIVE_INFINITY, limit),
  })),
  broken("the audit rows about a user are forgotten all at once", "audit-9", (inner) => ({
    forgetAudit: (userKey) => inner.forgetAudit(userKey, 1000),
  })),
  broken("a sweep writes audit rows", "audit-10", (inner) => ({
    createSession: (record, ...rest) => inner.createSession((noteUser(record), record), ...rest),
    async deleteExpiredSessions(now, limit) {
      const removed = await inner.deleteExpiredSessions(now, limit);
      if (removed > 0) await inner.appendAudit({ ...NOTHING, userKey: lastUser }, NO_ID);
      return removed;
    },
  })),
  broken("the list is in the order of handles", "list-1", (inner) => ({
    listSessionsOfUser: async (userKey, now, page) =>
      (await inner.listSessionsOfUser(userKey, now, page)).toSorted((a, b) => (a.handle < b.handle ? -1 : 1)),
  })),
  broken("live is expiresAt >= now", "list-2", (inner) => ({
    listSessionsOfUser: (userKey, now, page) => inner.listSessionsOfUser(userKey, now - 1, page),
  })),
  broken("a page ignores its limit", "page-2 page-3", (inner) => ({
    listSessionsOfUser: (userKey, now, { after }) => inner.listSessionsOfUser(userKey, now, { limit: 1000, after }),
  })),
  broken("a page begins at its position, not behind it", "page-1", (inner) => ({
    listSessionsOfUser: (userKey, now, { limit, after }) =>
      inner.listSessionsOfUser(userKey, now, { limit, after: after && { ...after, handle: `${after.handle}~` } }),
  })),
  broken("a position is a time only", "page-1", (inner) => ({
    listSessionsOfUser: (userKey, now, { limit, after }) =>
      inner.listSessionsOfUser(userKey, now, { limit, after: after && { ...after, handle: "" } }),
  })),
  broken("a position is looked up, and the list begins anew when it is gone", "page-3", (inner) => ({
    async listSessionsOfUser(userKey, now, { limit, after }) {
      const isThere = after !== undefined && (await inner.findSession(after.handle)) !== undefined;
      return inner.listSessionsOfUser(userKey, now, isThere ? { limit, after } : { limit });
    },
  })),
  broken("expired rows are taken out of a page after it was read", "page-2", (inner) => ({
    listSessionsOfUser: async (userKey, now, page) =>
      (await inner.listSessionsOfUser(userKey, 0, page)).filter(({ expiresAt }) => expiresAt > now),
  })),
  broken("pages go by offset", "page-3", (inner) => {
    const offsets = new Map<string, number>();
    return {
      async listSessionsOfUser(userKey, now, { limit, after }) {
        const offset = after === undefined ? 0 : (offsets.get(after.handle) ?? 0);
        const rows = (await inner.listSessionsOfUser(userKey, now, ALL)).slice(offset, offset + limit);
        for (const [index, { handle }] of rows.entries()) offsets.set(handle, offset + index + 1);
        return rows;
      },
    };
  }),
  broken("expired is expiresAt < now", "sweep-1", (inner) => ({
    deleteExpiredSessions: (now, limit) => inner.deleteExpiredSessions(now - 1, limit),
  })),
  broken("the sweep takes twice its limit", "sweep-2 sweep-3", (inner) => ({
    deleteExpiredSessions: (now, limit) => inner.deleteExpiredSessions(now, limit * 2),
  })),
  broken("the time is in seconds", "time-1", (inner) => ({
    async findSession(handle) {
      const row = await inner.findSession(handle);
      return row === undefined ? undefined : { ...row, storeTime: Math.floor(Date.now() / 1000) };
    },
  })),
  broken("how long a call may take is in words", "time-2", () => ({ timeout: "10s" as unknown as number })),
  broken("a lease runs out only after its end", "lease-1 lease-2", (inner) => ({
    takeLease: (name, owner, now, until) => inner.takeLease(name, owner, now, until + 1),
  })),
  broken("a lease cannot be prolonged", "lease-2", (inner) => ({
    takeLease: (name, owner, now, until) => inner.takeLease(name, `${owner} ${until}`, now, until),
  })),
  broken("takeLease reads, then writes", "lease-3", (inner) => {
    let held = { owner: "", until: 0 };
    return {
      async takeLease(_, owner, now, until) {
        if (held.owner !== owner && held.until > now) return false;
        await inner.listKeys();
        held = { owner, until };
        return true;
      },
    };
  }),
  broken("a sweep goes on from where it has stopped, and never back", "sweep-4", (inner) => {
    let from = 0;
    const held: SessionRecord[] = [];
    return {
      async createSession(record, limit, replaces) {
        if (record.expiresAt >= from) return inner.createSession(record, limit, replaces);
        held.push(record);
        return { created: true, ended: [], replaced: false };
      },
      findSession: async (handle) => held.find((row) => row.handle === handle) ?? inner.findSession(handle),
      async deleteExpiredSessions(now, limit) {
        const removed = await inner.deleteExpiredSessions(now, limit);
        from = removed === limit ? 1450 : 0;
        return removed;
      },
    };
  }),
  broken("rows come with a time that the store does not tell by itself", "clock-1", (inner) => ({
    findSession: async (handle) => withTime(await inner.findSession(handle), Date.now()),
  })),
  broken("the clock is read in seconds", "clock-1", (inner) => ({
    findSession: async (handle) => withTime(await inner.findSession(handle), Date.now()),
    readClock: async () => Math.floor(Date.now() / 1000),
  })),
  broken("the clock is read in the local time", "clock-1", (inner) => ({
    findSession: async (handle) => withTime(await inner.findSession(handle), Date.now()),
    readClock: async () => Date.now() + 3_600_000,
  })),
  broken("keys come newest first", "key-1", (inner) => ({
    listKeys: async () => (await inner.listKeys()).toReversed(),
  })),
  broken("a sequence may be taken twice", "key-2 key-3", (inner) => {
    let shift = 0;
    return {
      insertKey: (key) => inner.insertKey({ ...key, sequence: key.sequence + (shift += 2 ** -10) }),
      listKeys: async () => (await inner.listKeys()).map((key) => ({ ...key, sequence: Math.floor(key.sequence) })),
    };
  }),
  broken("rewrapping ignores the expected seed", "key-4 key-5", (inner) => ({
    async rewrapKey(kid, _, wrappedSeed) {
      for (;;) {
        const key = (await inner.listKeys()).find((candidate) => candidate.kid === kid);
        if (key === undefined) return false;
        if (await inner.rewrapKey(kid, key.wrappedSeed, wrappedSeed)) return true;
      }
    },
  })),
  broken("key names are compared without case", "key-6", (inner) => ({
    async deleteKey(kid) {
      for (const key of await inner.listKeys())
        if (key.kid.toLowerCase() === kid.toLowerCase()) await inner.deleteKey(key.kid);
    },
  })),
  broken("closing twice fails", "close-1", (inner) => {
    let open = true;
    return {
      async close() {
        if (!open) throw new Error("database is not open");
        open = false;
        await inner.close();
      },
    };
  }),
  folding("users without accents", "identity-2", (key) => key.normalize("NFD").replaceAll(/\p{M}/gu, "")),
  folding("users without blanks around", "identity-3", (key) => JSON.stringify(String(JSON.parse(key)).trim())),
  folding("users as text, whatever their type", "identity-4", (key) => key.replaceAll('"', "")),
  folding("lone surrogates as U+FFFD", "identity-5", (key) => key.replaceAll(/\\ud[0-9a-f]{3}/g, "\ufffd")),
  folding("users up to the first NUL", "identity-6", (key) => key.replace(/\\u0000.*/, '"')),
  folding("users by their first 1000 characters", "identity-7", (key) => key.slice(0, 1000)),
  folding("users as they look", "identity-8", (key) => key.normalize("NFKC").toUpperCase()),
  folding("users by LIKE", "identity-9", (key) => key.replace(/[b%_]"$/, '*"')),
];
