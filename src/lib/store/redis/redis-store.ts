import { SessionError } from "../../errors.ts";
import type { KeyRecord } from "../../key/key-record.ts";
import { MOST_DEVICES } from "../../session/device-limit.ts";
import type { SessionSummary } from "../../session/record.ts";
import { shardOfHandle, shardOfUser } from "../../session/handle.ts";
import type { RedisDriver, RedisReplicas } from "./redis-driver.ts";
import { replyCode } from "./redis-errors.ts";
import { shardKeys, type ShardKeys, ringKeys } from "./redis-keys.ts";
import { SHARDS } from "./redis-shards.ts";
import { readKey, readSession, readSummary, readTime, rowFields, text, writeKey, writeState } from "./redis-rows.ts";
import { auditArgs, createRedisAudit } from "./redis-audit.ts";
import { appendArgs, logArgs, readLogPage } from "./redis-log.ts";
import { createRedisRunner } from "./redis-runner.ts";
import * as scripts from "./redis-scripts.ts";
import { checkServer, findEviction, readFacts, type ServerFacts } from "./redis-server.ts";
import type { Lending } from "../store-access.ts";
import { createRedisSweep } from "./redis-sweep.ts";
import type { Journal, LogPage, NewLogEntry } from "../../revocation/log-store.ts";
import { isUsable, type SchemaVersion, toSchemaVersion } from "../schema-version.ts";
import { asStep } from "../../session/store-error.ts";
import type { CreateOutcome, SessionStore } from "../../session/session-store.ts";

export interface RedisStoreOptions {
  readonly driver: RedisDriver;
  /** The prefix of all keys. */
  readonly prefix: string;
  /** How long one script may take, in ms. */
  readonly timeout: number;
  /** The replicas that must confirm a write; undefined: none. */
  readonly replicas: RedisReplicas | undefined;
  /** The version of the stored data. Default: that of this code. */
  readonly schema?: SchemaVersion | undefined;
}

/** `version` increases when rows or keys change, `oldest` when earlier code could not use them. */
export const REDIS_SCHEMA: SchemaVersion = { version: 1, oldest: 1 };

/**
 * Sessions in Redis. Every operation is one script on the node with the user's shard; only a sweep
 * visits all shards.
 */
export function createRedisStore({
  driver,
  prefix,
  timeout,
  replicas,
  schema = REDIS_SCHEMA,
}: RedisStoreOptions): SessionStore {
  const run = createRedisRunner(driver, timeout, replicas);
  const ring = ringKeys(prefix);
  const shards = SHARDS.map((shard) => shardKeys(prefix, shard));
  const sweep = createRedisSweep(run, shards);
  const keysOfUser = (userKey: string): ShardKeys => shardKeys(prefix, shardOfUser(userKey));

  /** Undefined for a text that is not a handle, so nothing is found. */
  function keysOfHandle(handle: string): ShardKeys | undefined {
    const shard = shardOfHandle(handle);
    return shard === undefined ? undefined : shardKeys(prefix, shard);
  }

  const keysOfEntry = (entry: Exclude<NewLogEntry, { kind: "all" }>): ShardKeys | undefined =>
    entry.kind === "user" ? keysOfUser(entry.userKey) : keysOfHandle(entry.handle);

  function noteEnd(handle: string, end: number): void {
    const shard = shardOfHandle(handle);
    if (shard !== undefined) sweep.note(shard, end);
  }

  async function deleteRow(handle: string, version: number | "", journal: Journal | undefined): Promise<boolean> {
    const at = keysOfHandle(handle);
    if (at === undefined) return false;
    const keys = [at.row(handle), at.expiries, at.log, at.audit];
    const written = [...logArgs(journal), ...auditArgs(journal?.audit)];
    return isDone(await run(scripts.deleteSession, keys, [version, handle, ...written]));
  }

  /** A script reads only keys of one slot where the server is a cluster. */
  let isCluster = false;

  async function readLog(since: number, limit: number): Promise<LogPage> {
    const logs = [ring.log, ...shards.map(({ log }) => log)];
    const ask = (keys: readonly string[]) => run(scripts.readLog, keys, [since, limit]);
    const replies = await Promise.all(isCluster ? logs.map((log) => ask([log])) : [ask(logs)]);
    return readLogPage(replies, isCluster, limit);
  }

  async function listKeys(): Promise<readonly KeyRecord[]> {
    const keys = (await run(scripts.listKeys, [ring.keys])) as readonly unknown[];
    return keys.map(readKey).sort((a, b) => a.sequence - b.sequence);
  }

  const readClock = async (): Promise<number> =>
    readTime((await run(scripts.readClock, [ring.keys])) as readonly unknown[]);

  let sweeps = 0;

  /** Whether the server is a cluster, where no script reaches two shards. */
  let isScattered = false;

  /** Each master of a cluster has some of the shards. */
  async function inspectAll(): Promise<readonly ServerFacts[]> {
    const first = readFacts(await run(scripts.inspect, [ring.keys]));
    if (!first.isCluster) return [first];
    return Promise.all(shards.map(async ({ expiries }) => readFacts(await run(scripts.inspect, [expiries]))));
  }

  const store: SessionStore & Lending = {
    kind: "Redis",
    timeout,

    async prepare() {
      isCluster = checkServer(await run(scripts.inspect, [ring.keys]));
      await run(scripts.probeWrites, ring.probeKeys);
      const noted = await run(scripts.noteSchema, [ring.schema], [schema.version, schema.oldest]);
      isUsable(toSchemaVersion((noted as readonly unknown[]).map(text)), schema.version);
      if (!isCluster) return;
      // Each master of a cluster has some of the shards.
      const facts = await Promise.all(shards.map(({ expiries }) => run(scripts.inspect, [expiries])));
      facts.forEach(checkServer);
      await Promise.all(shards.map(({ probeKeys }) => run(scripts.probeWrites, probeKeys)));
    },

    async createSession(record, limit, replaces = "", journal) {
      const { handle, userKey, createdAt, expiresAt } = record;
      const at = keysOfUser(userKey);
      const old = keysOfHandle(replaces);
      noteEnd(handle, expiresAt);

      async function create(replaced: ShardKeys | undefined): Promise<CreateOutcome> {
        const keys = [at.expiries, at.row(handle), at.index(userKey)];
        if (replaced !== undefined) keys.push(replaced.row(replaces), replaced.expiries);
        const how = limit?.onLimit === "trim" ? limit.atOnce : limit?.onLimit;
        const withLimit = limit === undefined ? ["", ""] : [limit.max, how ?? ""];
        const notes = [journal?.replaced, journal?.ended, journal?.begun].flatMap((each) => auditArgs(each?.audit));
        const args = [handle, createdAt, expiresAt, ...withLimit, replaced === undefined ? "" : replaces];
        const ended: string[] = [];
        let mostExpired = MOST_AT_ONCE;
        for (;;) {
          const bounds = [MOST_REMOVED, mostExpired, ...logArgs(journal?.ended)];
          const running = run(scripts.createSession, keys, [...args, ...bounds, ...notes, ...rowFields(record)]);
          const reply = await asStep(ended.length === 0, running);
          const [done, count, handles] = reply as readonly [unknown, unknown, readonly unknown[]];
          ended.push(...handles.map(text));
          if (Number(done) < 2) return { created: isDone(done), ended, replaced: isDone(count) };
          if (Number(done) === 2) continue;
          // Sessions that only this process considers expired are not swept, so they count.
          const end = Math.min(createdAt, await asStep(ended.length === 0, readClock()));
          const sweeping = run(
            scripts.deleteExpired,
            [at.expiries, at.replaced, at.deviceExpiries],
            [end, MOST_REMOVED],
          );
          const swept = await asStep(ended.length === 0, sweeping);
          if (Number((swept as readonly unknown[])[0]) === 0) mostExpired = Number.MAX_SAFE_INTEGER;
        }
      }

      if (old === undefined || old.expiries === at.expiries || !isScattered) {
        try {
          return await create(old);
        } catch (error) {
          if (!isCrossSlot(error)) throw error;
          isScattered = true;
        }
      }
      // The replaced session belongs to another user on another node. The new one is created first,
      // so that an error in between signs nobody out: the old one then exists until it expires, but
      // no cookie has it.
      const outcome = await create(undefined);
      return outcome.created
        ? { ...outcome, replaced: await asStep(false, deleteRow(replaces, "", journal?.replaced)) }
        : outcome;
    },

    async findSession(handle) {
      const at = keysOfHandle(handle);
      const row = at === undefined ? null : await run(scripts.findSession, [at.row(handle)]);
      return Array.isArray(row) ? readSession(handle, row) : undefined;
    },

    async commitRefresh(handle, version, write) {
      const at = keysOfHandle(handle);
      if (at === undefined) return false;
      noteEnd(handle, write.expiresAt);
      const args = [version, version + 1, writeState(write), write.expiresAt, handle];
      return isDone(await run(scripts.commitRefresh, [at.row(handle), at.expiries], args));
    },

    async replaceClaims(handle, version, claims, journal) {
      const at = keysOfHandle(handle);
      if (at === undefined) return false;
      const args = [version, version + 1, claims, ...logArgs(journal), handle, ...auditArgs(journal?.audit)];
      return isDone(await run(scripts.replaceClaims, [at.row(handle), at.log, at.audit], args));
    },

    async replaceData(handle, version, data) {
      const at = keysOfHandle(handle);
      return at !== undefined && isDone(await run(scripts.replaceData, [at.row(handle)], [version, version + 1, data]));
    },

    async replaceLabel(handle, version, label) {
      const at = keysOfHandle(handle);
      const args = [version, version + 1, ...(label === null ? [] : [label])];
      return at !== undefined && isDone(await run(scripts.replaceLabel, [at.row(handle)], args));
    },

    async replaceSignIn(handle, version, { authTime, amr }) {
      const at = keysOfHandle(handle);
      const args = [version, version + 1, authTime, ...(amr === null ? [] : [amr])];
      return at !== undefined && isDone(await run(scripts.replaceSignIn, [at.row(handle)], args));
    },

    deleteSession: (handle, journal) => deleteRow(handle, "", journal),

    deleteSessionAtVersion: deleteRow,

    async deleteSessionsOfUser(userKey, except = "", limit, journal) {
      const at = keysOfUser(userKey);
      const keys = [at.expiries, at.index(userKey), at.log, at.audit];
      const written = [...logArgs(journal), userKey, ...auditArgs(journal?.audit)];
      const removed: string[] = [];
      while (removed.length < limit) {
        const most = Math.min(limit - removed.length, MOST_REMOVED);
        const reply = await run(scripts.deleteSessionsOfUser, keys, [except, most, ...written]);
        const [found, ...handles] = reply as readonly unknown[];
        removed.push(...handles.map(text));
        if (Number(found) < most) break;
      }
      return removed;
    },

    async listSessionsOfUser(userKey, now, { limit, after }) {
      const at = keysOfUser(userKey);
      const keys = [at.expiries, at.index(userKey)];
      const rows: SessionSummary[] = [];
      let from: readonly [string | number, string] = after === undefined ? ["", ""] : [after.createdAt, after.handle];
      while (rows.length < limit) {
        const args = [now, limit - rows.length, MOST_AT_ONCE, ...from];
        const reply = await run(scripts.listSessionsOfUser, keys, args);
        const [found, handle, createdAt] = reply as readonly [readonly unknown[], unknown, unknown];
        rows.push(...found.map((row) => readSummary(userKey, row)));
        if (handle === undefined) break;
        from = [text(createdAt), text(handle)];
      }
      return rows;
    },

    async rememberReplaced(handle, until) {
      const at = keysOfHandle(handle);
      noteEnd(handle, until);
      if (at !== undefined) await run(scripts.rememberReplaced, [at.replaced], [handle, until]);
    },

    async rememberOnce(once, until) {
      const at = keysOfHandle(once);
      noteEnd(once, until);
      return at !== undefined && isDone(await run(scripts.rememberOnce, [at.replaced], [once, until]));
    },

    async rememberDevice(userKey, device, now, until) {
      const at = keysOfUser(userKey);
      sweep.note(shardOfUser(userKey), until);
      const args = [device, now, until, userKey, MOST_DEVICES];
      const reply = Number(await run(scripts.rememberDevice, [at.devices(userKey), at.deviceExpiries], args));
      return reply === 2 ? undefined : reply === 1;
    },

    async forgetDevices(userKey) {
      const at = keysOfUser(userKey);
      return Number(await run(scripts.forgetDevices, [at.devices(userKey), at.deviceExpiries], [userKey]));
    },

    ...createRedisAudit(
      run,
      {
        ofUser: (userKey) => keysOfUser(userKey).audit,
        ring: ring.audit,
        all: [ring.audit, ...shards.map(({ audit }) => audit)],
      },
      () => isCluster,
    ),

    async wasReplaced(handle, now) {
      const at = keysOfHandle(handle);
      const until = at === undefined ? null : await run(scripts.replacedUntil, [at.replaced], [handle]);
      return until !== null && Number(text(until)) > now;
    },

    async appendLog(entry, journal) {
      const key = entry.kind === "all" ? ring.log : keysOfEntry(entry)?.log;
      if (key !== undefined) await run(scripts.appendLog, [key], appendArgs(entry, journal));
    },

    readLog,

    async announceLog() {
      await run(scripts.announceLog, [ring.log]);
    },

    async watchLog(wake) {
      const channel = text(await run(scripts.channelOfLog, [ring.log]));
      return driver.subscribe(channel, wake);
    },

    deleteExpiredSessions: sweep.deleteExpired,

    takeLease: async (name, owner, now, until) =>
      isDone(await run(scripts.takeLease, [ring.lease(name)], [owner, now, until])),

    readClock,

    async findFault() {
      // Another shard each time, so that in a cluster each master is checked within some minutes.
      sweeps += 1;
      const at = shards[(sweeps * STRIDE) % shards.length];
      return findEviction(await run(scripts.inspect, [at?.expiries ?? ring.keys]));
    },

    listKeys,

    insertKey: async (key) => isDone(await run(scripts.insertKey, [ring.keys], [key.sequence, writeKey(key)])),

    async rewrapKey(kid, expected, wrappedSeed) {
      const key = (await listKeys()).find((each) => each.kid === kid);
      if (key?.wrappedSeed !== expected) return false;
      // Only the seed of a key ever changes, so a concurrent call has changed or removed exactly
      // this.
      const next = writeKey({ ...key, wrappedSeed });
      return isDone(await run(scripts.replaceKey, [ring.keys], [key.sequence, writeKey(key), next]));
    },

    async deleteKey(kid) {
      await run(scripts.deleteKey, [ring.keys], [kid]);
    },

    close: driver.close,
    access: {
      kind: "redis",
      async inspect() {
        const facts = await inspectAll();
        const all = facts.some(({ isCluster: isNode }) => isNode) ? shards : [];
        await Promise.all(
          [ring.probeKeys, ...all.map(({ probeKeys }) => probeKeys)].map((keys) => run(scripts.probeWrites, keys)),
        );
        return facts;
      },
    },
  };
  return store;
}

/** Sessions that one script reads, because other clients wait while a script runs. */
const MOST_AT_ONCE = 500;

/** Sessions that one script removes. Each takes half a dozen commands. */
const MOST_REMOVED = 200;

/** The distance between checked shards, because a master of a cluster has a run of shards. */
const STRIDE = 101;

const isDone = (reply: unknown): boolean => Number(reply) === 1;

const isCrossSlot = (error: unknown): boolean =>
  error instanceof SessionError && replyCode(error.cause) === "CROSSSLOT";
