/**
 * Every script of the Redis store. A script is the only atomic step in Redis that reads, decides
 * and writes, so each operation is one script.
 *
 * Redis cannot undo writes, so the scripts follow these rules:
 * - Everything that may fail comes before the first write. A key that is not in KEYS may be moving
 *   to another node, and then every use of it fails; a server without memory refuses commands that
 *   add.
 * - Reads for decisions go to a node that accepts writes, never to a replica.
 * - A driver may send a completed script again after its connection broke. The second run then
 *   finds its work done: a change looks like a lost race, a removal finds no session, and an insert
 *   recognises its own row.
 * - Numbers are passed as text and only compared, because Lua would round large ones.
 */
import { hash } from "node:crypto";
import { EXTRA_NAMES } from "./redis-rows.ts";

export interface RedisScript {
  readonly text: string;
  /** The hash by which the server knows it. */
  readonly sha: string;
  /** Whether it writes data that must not be lost. */
  readonly keeps: boolean;
}

const script = (keeps: boolean, ...parts: readonly string[]): RedisScript => {
  const text = parts.join("\n");
  return { text, sha: hash("sha1", text), keeps };
};

const reads = (...parts: readonly string[]): RedisScript => script(false, ...parts);
/** Its writes may be lost, and are then repeated. */
const tidies = reads;
const writes = (...parts: readonly string[]): RedisScript => script(true, ...parts);

/**
 * The common prefix of a shard's keys, from the key of the expiries. It includes the client's own
 * prefix.
 */
const BASE = "local function base(expiry) return string.sub(expiry, 1, -7) end";

/**
 * The beginning of a script that decides by reading. It makes a write without effect, which
 * replicas never see, so that a demoted master refuses the script instead of reading old data. An
 * error of the disk is ignored, because the memory is current.
 */
const CURRENT = `local refusal = redis.pcall('DEL', KEYS[1] .. ':current')
if type(refusal) == 'table' and refusal.err and not string.find(refusal.err, 'MISCONF') then return refusal end`;

/**
 * Removes sessions in two parts, of which only the second writes. With a user's index it also
 * removes entries without a row. The first part leaves the user and the actor of each row in
 * `owners`.
 */
const REMOVAL = `${BASE}
local owners = {}
local function look(expiry, handles)
  local users = {}
  for i, handle in ipairs(handles) do
    local row = redis.call('HMGET', base(expiry) .. 'session:' .. handle, 'user', 'actorKey')
    if row[1] then redis.call('ZSCORE', base(expiry) .. 'user:' .. row[1], handle) end
    users[i] = row[1]
    owners[handle] = row
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

/** The time of the server, in ms. */
const TIME = `local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end`;

/**
 * Writes an entry of the log: kind, until, id, version of the claims, spared handle and subject,
 * separated by bars. An empty id means that nothing is written. `findLog` comes before the first
 * write.
 */
const LOG = `${TIME}
local function findLog(key, id)
  if id ~= '' then redis.call('ZCARD', key) end
end
local function log(key, id, keep, kind, subject, version, except)
  if id == '' then return end
  local at = now()
  local parts = {kind, string.format('%.0f', at + tonumber(keep)), id, version or '', except or '', subject}
  redis.call('ZADD', key, string.format('%.0f', at), table.concat(parts, '|'))
end`;

/**
 * Writes a row of the audit table: its id, a space, and a JSON list of event, handle, user, actor
 * and facts, by the time of the server. An empty event means that nothing is written. `findAudit`
 * comes before the first write.
 */
const AUDIT = `local function findAudit(key, event)
  if event ~= '' then redis.call('ZCARD', key) end
end
local function audit(key, id, event, handle, owner, facts)
  if event == '' then return end
  local row = cjson.encode({event, handle, owner[1] or '', owner[2] or '', facts})
  redis.call('ZADD', key, string.format('%.0f', now()), id .. handle .. ' ' .. row)
end`;

/** Lua's own text comparison depends on the server's locale. */
const DESCENDS = `local function descends(a, b)
  for i = 1, #a do
    local x, y = string.byte(a, i), string.byte(b, i) or -1
    if x ~= y then return x > y end
  end
  return false
end`;

/** Removes entries of the log that no longer count, from the oldest. */
const FORGET_LOG = `local function forgetLog(key)
  local time = now()
  for _, entry in ipairs(redis.call('ZRANGE', key, 0, 99)) do
    if tonumber(string.match(entry, '^%d|(%d+)')) <= time then redis.call('ZREM', key, entry) end
  end
end`;

/** The rest of a compare-and-set: returns 0 unless the row KEYS[1] has the version ARGV[1]. */
const AT_VERSION = "if redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end";

/**
 * KEYS: expiries, row, index of the user; with a session to replace also its row and the expiries
 * of its shard. ARGV: handle, createdAt, expiresAt, most sessions or '', how ('refuse',
 * 'end-oldest', or the greatest number to end), handle to replace or '', most sessions to look at
 * and to end at once, most expired ones to look at, id and keep of the log, event and facts of the
 * audit rows for the replaced, the ended and the new session, fields and values of the row. Returns
 * a result, whether a session was replaced, and the handles of the ended sessions. Results: 1
 * created; 0 refused; 2 ended some sessions, more have to end; 3 nothing, because the shard has too
 * many expired sessions and needs a sweep.
 */
export const createSession: RedisScript = writes(
  REMOVAL,
  LOG,
  AUDIT,
  `if redis.call('HEXISTS', KEYS[2], 'version') == 1 then return {1, 0, {}} end
local function logEnded(expiry, handles, event, facts)
  for _, handle in ipairs(handles) do
    log(base(expiry) .. 'log', ARGV[9], ARGV[10], 1, handle)
    audit(base(expiry) .. 'audit', ARGV[9], event, handle, owners[handle], facts)
  end
  return handles
end
findLog(base(KEYS[1]) .. 'log', ARGV[9])
findAudit(base(KEYS[1]) .. 'audit', ARGV[13] .. ARGV[15])
if KEYS[5] then
  findLog(base(KEYS[5]) .. 'log', ARGV[9])
  findAudit(base(KEYS[5]) .. 'audit', ARGV[11])
end
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
if not isWhole then
  return {2, 0, logEnded(KEYS[1], remove(KEYS[1], ended, users, KEYS[3]), ARGV[13], ARGV[14])}
end
local replaced = {}
if ARGV[6] ~= '' then replaced = {ARGV[6]} end
local replacedUsers = look(KEYS[5] or '', replaced)
redis.call('HSET', KEYS[2], unpack(ARGV, 17))
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
replaced = logEnded(KEYS[5] or '', remove(KEYS[5] or '', replaced, replacedUsers), ARGV[11], ARGV[12])
ended = logEnded(KEYS[1], remove(KEYS[1], ended, users, KEYS[3]), ARGV[13], ARGV[14])
audit(base(KEYS[1]) .. 'audit', ARGV[9], ARGV[15], ARGV[1], redis.call('HMGET', KEYS[2], 'user', 'actorKey'), ARGV[16])
return {1, #replaced, ended}`,
);

/**
 * KEYS: row. Returns the row's fields, and the time in seconds and microseconds.
 */
export const findSession: RedisScript = reads(
  CURRENT,
  `local row = redis.call('HMGET', KEYS[1], 'version', 'user', 'claims', 'claimsVersion', 'data', 'state', 'origin', ${EXTRA_NAMES})
if not row[1] then return false end
return {row, redis.call('TIME')}`,
);

/**
 * KEYS: row, expiries. ARGV: version, next version, state, expiresAt, handle. Restores the session
 * in its user's index and in the expiries, because a server that evicts may have lost them.
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

/**
 * KEYS: row, log, audit table. ARGV: version, next version, claims, id and keep of the log, handle,
 * event and facts of the audit row.
 */
export const replaceClaims: RedisScript = writes(
  LOG,
  AUDIT,
  AT_VERSION,
  `findLog(KEYS[2], ARGV[4])
findAudit(KEYS[3], ARGV[7])
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'claims', ARGV[3])
log(KEYS[2], ARGV[4], ARGV[5], 2, ARGV[6], redis.call('HINCRBY', KEYS[1], 'claimsVersion', 1))
audit(KEYS[3], ARGV[4], ARGV[7], ARGV[6], redis.call('HMGET', KEYS[1], 'user', 'actorKey'), ARGV[8])
return 1`,
);

/** KEYS: row. ARGV: version, next version, data. */
export const replaceData: RedisScript = writes(
  AT_VERSION,
  `redis.call('HSET', KEYS[1], 'version', ARGV[2], 'data', ARGV[3])
return 1`,
);

/** KEYS: row. ARGV: version, next version, and the label if there is one. */
export const replaceLabel: RedisScript = writes(
  AT_VERSION,
  `redis.call('HSET', KEYS[1], 'version', ARGV[2])
if ARGV[3] then redis.call('HSET', KEYS[1], 'label', ARGV[3]) else redis.call('HDEL', KEYS[1], 'label') end
return 1`,
);

/**
 * KEYS: row. ARGV: version, next version, when the user signed in, and how if that is known. The
 * time is the second one of the origin.
 */
export const replaceSignIn: RedisScript = writes(
  AT_VERSION,
  `local head, tail = string.match(redis.call('HGET', KEYS[1], 'origin'), '^(%[%-?%d+,)%-?%d+(.*)$')
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'origin', head .. ARGV[3] .. tail)
if ARGV[4] then redis.call('HSET', KEYS[1], 'amr', ARGV[4]) else redis.call('HDEL', KEYS[1], 'amr') end
return 1`,
);

/**
 * KEYS: row, expiries, log, audit table. ARGV: version or '', handle, id and keep of the log, event
 * and facts of the audit row.
 */
export const deleteSession: RedisScript = writes(
  REMOVAL,
  LOG,
  AUDIT,
  `if ARGV[1] ~= '' and redis.call('HGET', KEYS[1], 'version') ~= ARGV[1] then return 0 end
findLog(KEYS[3], ARGV[3])
findAudit(KEYS[4], ARGV[5])
local removed = #remove(KEYS[2], {ARGV[2]}, look(KEYS[2], {ARGV[2]}))
if removed == 1 then
  log(KEYS[3], ARGV[3], ARGV[4], 1, ARGV[2])
  audit(KEYS[4], ARGV[3], ARGV[5], ARGV[2], owners[ARGV[2]], ARGV[6])
end
return removed`,
);

/**
 * KEYS: expiries, index of the user, log, audit table. ARGV: handle to keep, most sessions to
 * remove, id and keep of the log, user, event and facts of the audit rows. Returns how many index
 * entries it found, up to that number, then the removed handles.
 */
export const deleteSessionsOfUser: RedisScript = writes(
  REMOVAL,
  LOG,
  AUDIT,
  // One more, because the kept session may be among them.
  `local handles = {}
for _, handle in ipairs(redis.call('ZRANGE', KEYS[2], 0, ARGV[2], 'REV')) do
  if handle ~= ARGV[1] and #handles < tonumber(ARGV[2]) then handles[#handles + 1] = handle end
end
findLog(KEYS[3], ARGV[3])
findAudit(KEYS[4], ARGV[6])
local removed = remove(KEYS[1], handles, look(KEYS[1], handles), KEYS[2])
log(KEYS[3], ARGV[3], ARGV[4], 3, ARGV[5], '', ARGV[1])
for _, handle in ipairs(removed) do audit(KEYS[4], ARGV[3], ARGV[6], handle, owners[handle], ARGV[7]) end
return {#handles, unpack(removed)}`,
);

/**
 * KEYS: expiries, index of the user. ARGV: now, most rows, most sessions to look at, and the
 * position of the last page's end: createdAt or '', handle. Returns some fields of the row and the
 * handle of each live session, then handle and createdAt of the last session that it looked at, or
 * nothing at the end of the list. If the expiries were evicted, the row's expiry counts.
 */
export const listSessionsOfUser: RedisScript = reads(
  CURRENT,
  BASE,
  DESCENDS,
  `local start = 0
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
    local row = redis.call('HMGET', base(KEYS[1]) .. 'session:' .. handle, 'version', 'claimsVersion', 'state', 'origin', ${EXTRA_NAMES})
    ends = ends or row[1] and string.match(row[3], '^%[' .. string.rep('[^,]*,', 7) .. '(%d+)') or 0
    if row[1] and tonumber(ends) > tonumber(ARGV[1]) then rows[#rows + 1] = {handle, row} end
  end
  if #rows == tonumber(ARGV[2]) then return {rows, handle, entries[i + 1]} end
end
if #entries < 2 * tonumber(ARGV[3]) then return {rows} end
return {rows, entries[#entries - 1], entries[#entries]}`,
);

/**
 * KEYS: expiries, replaced sessions, users by their last device. ARGV: now, at most. Returns how
 * many sessions it removed, and the earliest expiry of each key that is left. It also forgets
 * replaced sessions, devices and some entries of the log.
 */
export const deleteExpired: RedisScript = tidies(
  REMOVAL,
  TIME,
  FORGET_LOG,
  `local handles = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
local users = look(KEYS[1], handles)
local visitors = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
local devices = {}
for i, user in ipairs(visitors) do
  devices[i] = base(KEYS[1]) .. 'devices:' .. user
  redis.call('ZCARD', devices[i])
end
local found = {#remove(KEYS[1], handles, users)}
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
for i, user in ipairs(visitors) do
  redis.call('DEL', devices[i])
  redis.call('ZREM', KEYS[3], user)
end
forgetLog(base(KEYS[1]) .. 'log')
for _, key in ipairs(KEYS) do found[#found + 1] = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] end
return found`,
);

/** KEYS: replaced sessions. ARGV: handle, until. */
export const rememberReplaced: RedisScript = writes("redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])\nreturn 1");

/** KEYS: replaced sessions. ARGV: a handle-like name, until. Returns whether it was new. */
export const rememberOnce: RedisScript = writes("return redis.call('ZADD', KEYS[1], 'NX', ARGV[2], ARGV[1])");

/** KEYS: replaced sessions. ARGV: handle. Returns until when it is remembered. */
export const replacedUntil: RedisScript = reads(CURRENT, "return redis.call('ZSCORE', KEYS[1], ARGV[1])");

/**
 * KEYS: devices of the user, users by their last device. ARGV: device, now, until, user, most
 * devices. Returns 1 if the device was known, 0 if only others were, 2 if none was.
 */
export const rememberDevice: RedisScript = writes(
  `local known = redis.call('ZSCORE', KEYS[1], ARGV[1])
local others = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[2], '+inf')
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[2])
local surplus = redis.call('ZCARD', KEYS[1]) - ARGV[5]
local first = surplus > 0 and redis.call('ZRANGE', KEYS[1], 0, surplus) or {}
for _, device in ipairs(first) do
  if surplus > 0 and device ~= ARGV[1] then
    redis.call('ZREM', KEYS[1], device)
    surplus = surplus - 1
  end
end
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('ZADD', KEYS[2], last or ARGV[3], ARGV[4])
if known and tonumber(known) > tonumber(ARGV[2]) then return 1 end
if others > 0 then return 0 end
return 2`,
);

/** KEYS: devices of the user, users by their last device. ARGV: user. Returns how many. */
export const forgetDevices: RedisScript = writes(
  `local count = redis.call('ZCARD', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
return count`,
);

/** KEYS: log. ARGV: id, keep, kind, subject, version of the claims, spared handle. */
export const appendLog: RedisScript = writes(
  LOG,
  FORGET_LOG,
  `forgetLog(KEYS[1])
log(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
return 1`,
);

/**
 * KEYS: logs of one node. ARGV: since, most entries. Returns the time in ms, and the entries, each
 * with its time.
 */
export const readLog: RedisScript = reads(
  CURRENT,
  TIME,
  `local time = string.format('%.0f', now())
local entries, most = {}, tonumber(ARGV[2])
for _, key in ipairs(KEYS) do
  if #entries < 2 * most then
    local found = redis.call('ZRANGEBYSCORE', key, ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, most - #entries / 2)
    for i = 1, #found do entries[#entries + 1] = found[i] end
  end
end
return {time, entries}`,
);

/** KEYS: audit table. ARGV: id, event, handle, user, actor, facts. */
export const appendAudit: RedisScript = writes(
  TIME,
  `local row = cjson.encode({ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]})
redis.call('ZADD', KEYS[1], string.format('%.0f', now()), ARGV[1] .. ' ' .. row)
return 1`,
);

/**
 * KEYS: audit table. ARGV: user or '', the earliest time, the position of the last page's end: time
 * or '', id; most rows, most rows to look at. Returns the rows, each with its time, then time and
 * id of the last row that it looked at, or nothing at the end of the table.
 */
export const readAudit: RedisScript = reads(
  CURRENT,
  DESCENDS,
  `local start = 0
if ARGV[3] ~= '' then
  start = redis.call('ZCOUNT', KEYS[1], '(' .. ARGV[3], '+inf')
  local stop = start + redis.call('ZCOUNT', KEYS[1], ARGV[3], ARGV[3])
  while start < stop do
    local middle = math.floor((start + stop) / 2)
    local id = string.match(redis.call('ZRANGE', KEYS[1], middle, middle, 'REV')[1], '^[^ ]*')
    if id == ARGV[4] or descends(id, ARGV[4]) then start = middle + 1 else stop = middle end
  end
end
local rows, most, step = {}, tonumber(ARGV[5]), tonumber(ARGV[6])
local entries = redis.call('ZRANGE', KEYS[1], start, start + step - 1, 'REV', 'WITHSCORES')
for i = 1, #entries, 2 do
  if tonumber(entries[i + 1]) < tonumber(ARGV[2]) then return {rows} end
  local id, row = string.match(entries[i], '^([^ ]*) (.*)$')
  if ARGV[1] == '' or cjson.decode(row)[3] == ARGV[1] then
    rows[#rows + 1] = entries[i]
    rows[#rows + 1] = entries[i + 1]
  end
  if #rows == 2 * most or i == 2 * step - 1 then return {rows, entries[i + 1], id} end
end
return {rows}`,
);

/** KEYS: audit table. ARGV: rows. Returns how many it removed. */
export const removeAudit: RedisScript = writes("return redis.call('ZREM', KEYS[1], unpack(ARGV))");

/** KEYS: audit tables of one node. ARGV: age in ms, at most. Returns how many it removed. */
export const deleteOldAudit: RedisScript = tidies(
  TIME,
  `local before, removed = '(' .. string.format('%.0f', now() - tonumber(ARGV[1])), 0
for _, key in ipairs(KEYS) do
  local most = tonumber(ARGV[2]) - removed
  if most > 0 then
    local rows = redis.call('ZRANGEBYSCORE', key, '-inf', before, 'LIMIT', 0, most)
    if #rows > 0 then removed = removed + redis.call('ZREM', key, unpack(rows)) end
  end
end
return removed`,
);

/** KEYS: log of the ring. Returns the channel, whose name includes the client's own prefix. */
export const announceLog: RedisScript = tidies("redis.call('PUBLISH', KEYS[1], '')\nreturn KEYS[1]");

/** KEYS: log of the ring. Returns the channel. */
export const channelOfLog: RedisScript = tidies("return KEYS[1]");

/** KEYS: lease. ARGV: owner, now, until. */
export const takeLease: RedisScript = tidies(
  `local lease = redis.call('HMGET', KEYS[1], 'owner', 'until')
if lease[1] and lease[1] ~= ARGV[1] and tonumber(lease[2]) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', ARGV[3])
return 1`,
);

/** KEYS: key ring. Returns the time in seconds and microseconds. */
export const readClock: RedisScript = reads("return redis.call('TIME')");

/** KEYS: key ring. */
export const listKeys: RedisScript = reads(CURRENT, "return redis.call('HVALS', KEYS[1])");

/** KEYS: key ring. ARGV: sequence, key. */
export const insertKey: RedisScript = writes(
  `if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 1 or redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return 1 end
return 0`,
);

/** KEYS: key ring. ARGV: sequence, expected key, new key. */
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
 * KEYS: schema. ARGV: the version of this code, and the oldest one that can use its data. Stores
 * them if they are newer than the stored ones. Returns the stored ones.
 */
export const noteSchema: RedisScript = writes(
  `local version = redis.call('HGET', KEYS[1], 'version')
if not version or tonumber(version) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'oldest', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'version', 'oldest')`,
);

/** KEYS: any. Returns the facts about the server that this user may read. */
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
 * KEYS: two unused keys of the store. Does once what the other scripts do, and leaves nothing
 * behind: a replica, a server without memory and a missing right fail now instead of at the first
 * sign-in.
 */
export const probeWrites: RedisScript = writes(
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
