import type { KeyRecord } from "../key/key-record.ts";
import type { SessionRecord } from "../session/record.ts";
import { makeRoom, MOST_DEVICES } from "../session/device-limit.ts";
import { decideLimit } from "../session/session-limit.ts";
import { createMemoryRows } from "./memory-rows.ts";
import type { Journal } from "../revocation/log-store.ts";
import { createMemoryLog } from "./memory-log.ts";
import type { SessionPosition, SessionStore } from "../session/session-store.ts";

/** Keeps all data in this process. Each operation runs without awaiting, so it is atomic. */
export function createMemoryStore(): SessionStore {
  const log = createMemoryLog();
  const sessions = createMemoryRows();
  const keys = new Map<string, KeyRecord>();
  const replacedUntil = new Map<string, number>();
  /** By user, then by device: until when. */
  const devices = new Map<string, Map<string, number>>();
  const leases = new Map<string, { readonly owner: string; readonly until: number }>();

  function replaceAt(handle: string, version: number, change: (row: SessionRecord) => Partial<SessionRecord>): boolean {
    const row = sessions.get(handle);
    if (row === undefined || row.version !== version) return false;
    sessions.put({ ...row, ...change(row), version: version + 1 });
    return true;
  }

  function endSession(handle: string, journal: Journal | undefined): boolean {
    const row = sessions.get(handle);
    if (row === undefined) return false;
    sessions.remove(handle);
    log.append({ kind: "ended", handle }, journal);
    log.audit(row, journal);
    return true;
  }

  function ofUser(userKey: string): SessionRecord[] {
    return sessions.ofUser(userKey).sort(newestFirst);
  }

  return {
    kind: "memory",
    secretFile: null,

    async prepare() {},

    async createSession(record, limit, replaces, journal) {
      const isRival = (row: SessionRecord): boolean => row.expiresAt > record.createdAt && row.handle !== replaces;
      const rivals = limit === undefined ? [] : ofUser(record.userKey).filter(isRival);
      const surplus = limit === undefined ? [] : rivals.slice(limit.max - 1).map((row) => row.handle);
      const { oldest, next } = decideLimit(limit, surplus.length);
      if (next === "refuse") return { created: false, ended: [], replaced: false };
      const ended = surplus.slice(surplus.length - oldest);
      for (const handle of ended) endSession(handle, journal?.ended);
      const replaced = replaces !== undefined && endSession(replaces, journal?.replaced);
      sessions.put(record);
      log.audit(record, journal?.begun);
      return { created: true, ended, replaced };
    },

    findSession: async (handle) => sessions.get(handle),

    commitRefresh: async (handle, version, write) => replaceAt(handle, version, () => write),

    async replaceClaims(handle, version, claims, journal) {
      const isDone = replaceAt(handle, version, (row) => ({ claims, claimsVersion: row.claimsVersion + 1 }));
      const row = sessions.get(handle);
      if (!isDone || row === undefined) return false;
      log.append({ kind: "claims", handle, claimsVersion: row.claimsVersion }, journal);
      log.audit(row, journal);
      return true;
    },

    replaceData: async (handle, version, data) => replaceAt(handle, version, () => ({ data })),

    replaceLabel: async (handle, version, label) => replaceAt(handle, version, () => ({ label })),

    replaceSignIn: async (handle, version, { authTime, amr }) => replaceAt(handle, version, () => ({ authTime, amr })),

    deleteSession: async (handle, journal) => endSession(handle, journal),

    deleteSessionAtVersion: async (handle, version, journal) =>
      sessions.get(handle)?.version === version && endSession(handle, journal),

    async deleteSessionsOfUser(userKey, except, limit, journal) {
      const rows = ofUser(userKey).filter((row) => row.handle !== except);
      const removed = rows.slice(0, limit);
      for (const row of removed) {
        sessions.remove(row.handle);
        log.audit(row, journal);
      }
      log.append({ kind: "user", userKey, except: except ?? null }, journal);
      return removed.map(({ handle }) => handle);
    },

    appendLog: async (entry, journal) => log.append(entry, journal),

    readLog: async (since, limit) => log.read(since, limit),

    watchLog: async (wake) => log.watch(wake),

    listSessionsOfUser: async (userKey, now, { limit, after }) => {
      const isListed = (row: SessionRecord): boolean =>
        row.expiresAt > now && (after === undefined || newestFirst(after, row) < 0);
      const rows = ofUser(userKey).filter(isListed).slice(0, limit);
      return rows.map((row) => {
        const { claims: _, data: __, ...summary } = row;
        return summary;
      });
    },

    async rememberReplaced(handle, until) {
      replacedUntil.set(handle, until);
    },

    async rememberOnce(once, until) {
      if (replacedUntil.has(once)) return false;
      replacedUntil.set(once, until);
      return true;
    },

    async rememberDevice(userKey, device, now, until) {
      const own = devices.get(userKey) ?? new Map<string, number>();
      devices.set(userKey, own);
      const isKnown = (own.get(device) ?? now) > now;
      own.delete(device);
      const expiries = [...own.values()].sort((a, b) => b - a).slice(0, MOST_DEVICES);
      const { isFirst, removeUntil = Number.NEGATIVE_INFINITY } = makeRoom(expiries, now);
      for (const [each, end] of own) if (end <= removeUntil) own.delete(each);
      own.set(device, until);
      return isKnown || (isFirst ? undefined : false);
    },

    async forgetDevices(userKey) {
      const count = devices.get(userKey)?.size ?? 0;
      devices.delete(userKey);
      return count;
    },

    appendAudit: async (row, id) => log.appendAudit(row, id),

    readAudit: async (query) => log.readAudit(query),

    deleteOldAudit: async (age, limit) => {
      const before = Date.now() - age;
      return log.removeAudit(({ loggedAt }) => loggedAt < before, limit);
    },

    forgetAudit: async (userKey, limit) => log.removeAudit((row) => row.userKey === userKey, limit),

    wasReplaced: async (handle, now) => (replacedUntil.get(handle) ?? now) > now,

    async deleteExpiredSessions(now, limit) {
      log.forget();
      for (const [handle, until] of replacedUntil) if (until <= now) replacedUntil.delete(handle);
      for (const [userKey, own] of devices) {
        for (const [device, until] of own) if (until <= now) own.delete(device);
        if (own.size === 0) devices.delete(userKey);
      }
      const expired = [...sessions.all()].filter((row) => row.expiresAt <= now).slice(0, limit);
      for (const row of expired) sessions.remove(row.handle);
      return expired.length;
    },

    async takeLease(name, owner, now, until) {
      const lease = leases.get(name);
      if (lease !== undefined && lease.owner !== owner && lease.until > now) return false;
      leases.set(name, { owner, until });
      return true;
    },

    listKeys: async () => [...keys.values()].sort((a, b) => a.sequence - b.sequence),

    async insertKey(key) {
      if ([...keys.values()].some((other) => other.sequence === key.sequence)) return false;
      keys.set(key.kid, key);
      return true;
    },

    async rewrapKey(kid, expected, wrappedSeed) {
      const key = keys.get(kid);
      if (key?.wrappedSeed !== expected) return false;
      keys.set(kid, { ...key, wrappedSeed });
      return true;
    },

    async deleteKey(kid) {
      keys.delete(kid);
    },

    async close() {},
  };
}

/** Handles are ASCII, so UTF-16 order equals byte order. */
const newestFirst = (a: SessionPosition, b: SessionPosition): number =>
  b.createdAt - a.createdAt || Number(a.handle < b.handle) - Number(a.handle > b.handle);
