/**
 * Every script that the Redis store sends. A script is the only step of Redis that reads, decides
 * and writes at once, so each operation is one.
 *
 * What they keep to, since Redis undoes nothing:
 * - All that may fail comes before the first write: a key that is not named in KEYS may be on its
 *   way to another node of the cluster, and then every use of it is an error; a server that is out
 *   of memory refuses what adds.
 * - What decides by a read is asked of a node that may write, and so comes from no replica.
 * - A driver whose connection broke may send a script again that had been carried out. The second
 *   finds its work done: a change is told as a lost race, a removal as nothing to remove, and what
 *   adds tells its own row from another's.
 * - Numbers come in and go out as the text that they are, and are only compared: Lua would round
 *   the large ones when it spells them.
 */
import { hash } from "node:crypto";

export interface RedisScript {
  readonly text: string;
  /** By which the server knows it. */
  readonly sha: string;
  /** Whether it writes what must not be lost. */
  readonly keeps: boolean;
}

const script = (keeps: boolean, ...parts: readonly string[]): RedisScript => {
  const text = parts.join("\n");
  return { text, sha: hash("sha1", text), keeps };
};

const reads = (...parts: readonly string[]): RedisScript => script(false, ...parts);
/** Writes what may be lost, and is then written again. */
const tidies = reads;
const writes = (...parts: readonly string[]): RedisScript => script(true, ...parts);

/**
 * Of the key of the expiries, what all keys of its shard begin with: so that a prefix of the
 * client's own is on all of them.
 */
const BASE = "local function base(expiry) return string.sub(expiry, 1, -7) end";

/**
 * The beginning of a script that decides by what it reads: a write that changes nothing, since no
 * key has that name, and of which no replica hears. A node that may not write, as a master that was
 * demoted, may lag, and refuses it. What its disk has refused does not make its memory old.
 */
const CURRENT = `local refusal = redis.pcall('DEL', KEYS[1] .. ':current')
if type(refusal) == 'table' and refusal.err and not string.find(refusal.err, 'MISCONF') then return refusal end`;

/**
 * Removes sessions in two parts, of which only the second writes. With the index of a user, to whom
 * all of them belong, also what is left there of a session whose row is gone.
 */
const REMOVAL = `${BASE}
local function look(expiry, handles)
  local users = {}
  for i, handle in ipairs(handles) do
    local user = redis.call('HGET', base(expiry) .. 'session:' .. handle, 'user')
    if user then redis.call('ZSCORE', base(expiry) .. 'user:' .. user, handle) end
    users[i] = user
  end
  return users
end
local function remove(expiry, handles, users, index)
  local removed = {}
  for i, handle in ipairs(handles) do
    redis.call('ZREM', expiry, handle)
    if index then redis.call('ZREM', index, handle) end
    if users[i] then
      if not index then redis.call('ZREM', base(expiry) .. 'user:' .. users[i], handle) end
      redis.call('DEL', base(expiry) .. 'session:' .. handle)
      removed[#removed + 1] = handle
    end
  end
  return removed
end`;

/** The rest of a compare-and-set: ends with 0 unless the row KEYS[1] has the version ARGV[1]. */
const AT_VERSION = "if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end";

/**
 * KEYS: expiries, row, index of the user; with a session to replace also its row and the expiries
 * of its shard. ARGV: handle, createdAt, expiresAt, most sessions or '', how ('refuse',
 * 'end-oldest', or the greatest number to end), handle to replace or '', most sessions to look at
 * and to end at once, most expired ones to look at, fields and values of the row. Returns what is
 * done, whether a session was replaced, and the handles that were ended. What is done: 1 created, 0
 * refused, 2 only some of those ended that are too many, 3 nothing, since too many of the shard
 * have expired: sweep.
 */
export const createSession: RedisScript = writes(
  REMOVAL,
  `if redis.call('HEXISTS', KEYS[2], 'version') == 1 then return {1, 0, {}} end
local ended = {}
local max, most, step = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])
local isWhole = true
local function counts(handle)
  local ends = redis.call('ZSCORE', KEYS[1], handle)
  return handle ~= ARGV[6] and ends and tonumber(ends) > tonumber(ARGV[2])
end
local size = max and redis.call('ZCARD', KEYS[3])
if max and not most and size >= max then
  local surplus, passed = size + 1 - max, {}
  local expired = redis.call('ZCOUNT', KEYS[1], '-inf', ARGV[2])
  if expired > tonumber(ARGV[8]) then return {3, 0, {}} end
  for first = 0, expired - 1, step do
    local handles = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', first, step)
    for i, isOwn in ipairs(redis.call('ZMSCORE', KEYS[3], unpack(handles))) do
      if isOwn then passed[handles[i]] = true end
    end
  end
  if ARGV[6] ~= '' and redis.call('ZSCORE', KEYS[3], ARGV[6]) then passed[ARGV[6]] = true end
  local few = step
  for _ in pairs(passed) do surplus, few = surplus - 1, few + 1 end
  if surplus > 0 then
    local gone = {}
    for _, handle in ipairs(redis.call('ZRANGE', KEYS[3], 0, few)) do
      if not passed[handle] then
        if redis.call('HEXISTS', base(KEYS[1]) .. 'session:' .. handle, 'version') == 0 then gone[#gone + 1] = handle
        elseif #ended < step then ended[#ended + 1] = handle end
      end
    end
    if #gone > 0 then
      redis.call('ZREM', KEYS[3], unpack(gone))
      redis.call('ZREM', KEYS[1], unpack(gone))
      surplus = surplus - #gone
    end
    if surplus > 0 and ARGV[5] == 'refuse' then return {0, 0, {}} end
    for i = #ended, math.max(surplus, 0) + 1, -1 do ended[i] = nil end
    isWhole = #ended >= surplus
  end
elseif most and size >= max then
  local surplus = 1 - max
  -- Some more than that may have expired.
  local last = max + most + 500
  for _, handle in ipairs(redis.call('ZRANGE', KEYS[3], 0, last, 'REV')) do
    if surplus < most and counts(handle) then surplus = surplus + 1 end
  end
  if surplus > 0 then
    for _, handle in ipairs(redis.call('ZRANGE', KEYS[3], 0, last)) do
      if #ended < surplus and counts(handle) then ended[#ended + 1] = handle end
    end
  end
end
local users = look(KEYS[1], ended)
if not isWhole then return {2, 0, remove(KEYS[1], ended, users, KEYS[3])} end
local replaced = {}
if ARGV[6] ~= '' then replaced = {ARGV[6]} end
local replacedUsers = look(KEYS[5] or '', replaced)
redis.call('HSET', KEYS[2], unpack(ARGV, 9))
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
return {1, #remove(KEYS[5] or '', replaced, replacedUsers), remove(KEYS[1], ended, users, KEYS[3])}`,
);

/** KEYS: row. The row's fields, and what time it is in seconds and microseconds. */
export const findSession: RedisScript = reads(
  CURRENT,
  `local row = redis.call('HMGET', KEYS[1], 'version', 'user', 'claims', 'claimsVersion', 'data', 'state', 'origin')
if not row[1] then return false end
local time = redis.call('TIME')
row[8] = time[1]
row[9] = time[2]
return row`,
);

/**
 * KEYS: row, expiries. ARGV: version, next version, state, expiresAt, handle. Puts the session back
 * into the index of its user and into the expiries, which a server that evicts may have lost.
 */
export const commitRefresh: RedisScript = writes(
  BASE,
  `local row = redis.call('HMGET', KEYS[1], 'version', 'user', 'origin')
if row[1] ~= ARGV[1] then return 0 end
local index = base(KEYS[2]) .. 'user:' .. row[2]
local isListed = redis.call('ZSCORE', index, ARGV[5])
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'state', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5])
if not isListed then redis.call('ZADD', index, string.match(row[3], '^%[(-?%d+)'), ARGV[5]) end
return 1`,
);

/** KEYS: row. ARGV: version, next version, claims. */
export const replaceClaims: RedisScript = writes(
  AT_VERSION,
  `redis.call('HSET', KEYS[1], 'version', ARGV[2], 'claims', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'claimsVersion', 1)
return 1`,
);

/** KEYS: row. ARGV: version, next version, data. */
export const replaceData: RedisScript = writes(
  AT_VERSION,
  `redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
return 1`,
);

/** KEYS: row, expiries. ARGV: version or '', handle. */
export const deleteSession: RedisScript = writes(
  REMOVAL,
  `if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
return #remove(KEYS[2], {ARGV[2]}, look(KEYS[2], {ARGV[2]}))`,
);

/**
 * KEYS: expiries, index of the user. ARGV: handle to spare, most sessions to remove. How many were
 * in the index, at most so many; then the handles that were removed.
 */
export const deleteSessionsOfUser: RedisScript = writes(
  REMOVAL,
  // One more, since the one to spare may be among them.
  `local handles = {}
for _, handle in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[2], 'REV')) do
  if handle ~= ARGV[1] and #handles < tonumber(ARGV[2]) then handles[#handles + 1] = handle end
end
return {#handles, unpack(remove(KEYS[1], handles, look(KEYS[1], handles), KEYS[2]))}`,
);

/**
 * KEYS: expiries, index of the user. ARGV: now, most rows, most sessions to look at, and the
 * position behind which the list begins: createdAt or '', handle. Returns some fields of the row
 * and the handle of each live session; then handle and createdAt of the last session that was
 * looked at, or nothing at the end of the list. Where the expiries have been evicted, the row says
 * when it expires.
 */
export const listSessionsOfUser: RedisScript = reads(
  CURRENT,
  BASE,
  // Not Lua's own comparison of texts, which follows the server's locale.
  `local function descends(a, b)
  for i = 1, #a do
    local x, y = string.byte(a, i), string.byte(b, i) or -1
    if x ~= y then return x > y end
  end
  return false
end
local start = 0
if ARGV[4] ~= '' then
  start = redis.call('ZCOUNT', KEYS[2], '(' .. ARGV[4], '+inf')
  local stop = start + redis.call('ZCOUNT', KEYS[2], ARGV[4], ARGV[4])
  while start < stop do
    local middle = math.floor((start + stop) / 2)
    local handle = redis.call('ZRANGE', KEYS[2], middle, middle, 'REV')[1]
    if handle == ARGV[5] or descends(handle, ARGV[5]) then start = middle + 1 else stop = middle end
  end
end
local rows = {}
local entries = redis.call('ZRANGE', KEYS[2], start, start + tonumber(ARGV[3]) - 1, 'REV', 'WITHSCORES')
for i = 1, #entries, 2 do
  local handle = entries[i]
  local ends = redis.call('ZSCORE', KEYS[1], handle)
  if not ends or tonumber(ends) > tonumber(ARGV[1]) then
    local row = redis.call('HMGET', base(KEYS[1]) .. 'session:' .. handle, 'version', 'claimsVersion', 'state', 'origin')
    row[5] = handle
    ends = ends or row[1] and string.match(row[3], '^%[' .. string.rep('[^,]*,', 7) .. '(%d+)') or 0
    if row[1] and tonumber(ends) > tonumber(ARGV[1]) then rows[#rows + 1] = row end
  end
  if #rows == tonumber(ARGV[2]) then return {rows, handle, entries[i + 1]} end
end
if #entries < 2 * tonumber(ARGV[3]) then return {rows} end
return {rows, entries[#entries - 1], entries[#entries]}`,
);

/**
 * KEYS: expiries, replaced sessions. ARGV: now, at most. How many sessions were removed, and the
 * earliest end of what is there; forgets replaced ones at the same time.
 */
export const deleteExpired: RedisScript = tidies(
  REMOVAL,
  `local handles = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
local users = look(KEYS[1], handles)
local found = {#remove(KEYS[1], handles, users)}
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
for _, key in ipairs(KEYS) do found[#found + 1] = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] end
return found`,
);

/** KEYS: replaced sessions. ARGV: handle, until. */
export const rememberReplaced: RedisScript = writes("redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])\nreturn 1");

/** KEYS: replaced sessions. ARGV: a handle-like name, until. Whether it was new. */
export const rememberOnce: RedisScript = writes("return redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1])");

/** KEYS: replaced sessions. ARGV: handle. Until when it is remembered. */
export const replacedUntil: RedisScript = reads(CURRENT, "return redis.call('ZSCORE', KEYS[1], ARGV[1])");

/** KEYS: lease. ARGV: owner, now, until. */
export const takeLease: RedisScript = tidies(
  `local lease = redis.call('HMGET', KEYS[1], 'owner', 'until')
if lease[1] and lease[1] ~= ARGV[1] and tonumber(lease[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', ARGV[3])
return 1`,
);

/** KEYS: key ring. What time it is, in seconds and microseconds. */
export const readClock: RedisScript = reads("return redis.call('TIME')");

/** KEYS: key ring. */
export const listKeys: RedisScript = reads(CURRENT, "return redis.call('HVALS', KEYS[1])");

/** KEYS: key ring. ARGV: sequence, key. */
export const insertKey: RedisScript = writes(
  `if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 or redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return 1 end
return 0`,
);

/** KEYS: key ring. ARGV: sequence, key as it is expected, new key. */
export const replaceKey: RedisScript = writes(
  `local key = redis.call('HGET', KEYS[1], ARGV[1])
if key == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
if key == ARGV[2] or key == ARGV[3] then return 1 end
return 0`,
);

/** KEYS: key ring. ARGV: kid. */
export const deleteKey: RedisScript = writes(
  `local ring = redis.call('HGETALL', KEYS[1])
for i = 1, #ring, 2 do
  if cjson.decode(ring[i + 1]).kid == ARGV[1] then redis.call('HDEL', KEYS[1], ring[i]) end
end
return 1`,
);

/**
 * KEYS: schema. ARGV: the version that this code knows, and the oldest that may be beside it. Notes
 * them if they are newer than what is noted; what is noted then.
 */
export const noteSchema: RedisScript = writes(
  `local version = redis.call('HGET', KEYS[1], 'version')
if not version or tonumber(version) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'oldest', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'version', 'oldest')`,
);

/** KEYS: any. What the server is, as far as this user may know. */
export const inspect: RedisScript = reads(
  `local info = ''
for _, section in ipairs({'server', 'memory', 'cluster', 'stats'}) do
  local text = redis.pcall('INFO', section)
  if type(text) == 'string' then info = info .. text end
end
local facts = {}
for i, name in ipairs({'redis_version', 'maxmemory', 'maxmemory_policy', 'cluster_enabled', 'evicted_keys'}) do
  facts[i] = string.match(info, '\\n' .. name .. ':([^\\r]*)') or ''
end
return facts`,
);

/**
 * KEYS: two of the store's own that nobody uses. Does once all that the other scripts do, and
 * leaves nothing behind: a replica, a server without memory and a right that is missing show now,
 * and not with the first sign-in.
 */
export const rehearse: RedisScript = writes(
  `local fault
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err and not fault then fault = reply end
end
local h, z = KEYS[1], KEYS[2]
try('HSET', h, 'a', '1')
try('HSETNX', h, 'b', '1')
try('HINCRBY', h, 'a', 1)
try('HGET', h, 'a')
try('HMGET', h, 'a')
try('HEXISTS', h, 'a')
try('HVALS', h)
try('HGETALL', h)
try('HDEL', h, 'a', 'b')
try('ZADD', z, 1, 'a')
try('ZSCORE', z, 'a')
try('ZMSCORE', z, 'a')
try('ZCOUNT', z, 0, 1)
try('ZCARD', z)
try('ZRANGE', z, 0, -1, 'REV', 'WITHSCORES')
try('ZRANGEBYSCORE', z, 0, 1)
try('ZREMRANGEBYSCORE', z, 0, 0)
try('ZREM', z, 'a')
try('DEL', h, z)
try('TIME')
return fault or 1`,
);
