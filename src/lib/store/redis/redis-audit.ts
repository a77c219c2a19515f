import type { AuditPosition, AuditQuery, AuditRow, AuditStore, NewAuditRow } from "../../revocation/audit-store.ts";
import type { AuditNote } from "../../revocation/log-store.ts";
import { text } from "./redis-rows.ts";
import type { RunScript } from "./redis-runner.ts";
import * as scripts from "./redis-scripts.ts";

/** Keys of the audit rows: those about no user are in the ring. See `AUDIT` of the scripts. */
export interface RedisAuditKeys {
  readonly ofUser: (userKey: string) => string;
  readonly ring: string;
  /** Those of all shards, and that of the ring. */
  readonly all: readonly string[];
}

/** Rows that one script reads, because other clients wait while a script runs. */
const MOST_AT_ONCE = 500;

/** How many rows of one shard are read at first to find the newest of all. */
const FIRST = 10;

/** Event and facts for the scripts. An empty event writes nothing. */
export const auditArgs = (note: AuditNote | undefined): readonly string[] =>
  note === undefined ? ["", ""] : [note.event, note.facts];

/** Reads audit rows, and removes them. */
export function createRedisAudit(
  run: RunScript,
  keys: RedisAuditKeys,
  isCluster: () => boolean,
): Omit<AuditStore, "findAuditFault"> {
  /** A page of one key. */
  async function readKey(key: string, { userKey = "", from, limit, after }: AuditQuery): Promise<Found[]> {
    const found: Found[] = [];
    let position: readonly (string | number)[] = after === undefined ? ["", ""] : [after.loggedAt, after.id];
    while (found.length < limit) {
      const args = [userKey, from, ...position, limit - found.length, MOST_AT_ONCE];
      const reply = await run(scripts.readAudit, [key], args);
      const [members, loggedAt, id] = reply as readonly [readonly unknown[], unknown, unknown];
      for (let index = 0; index < members.length; index += 2)
        found.push(readMember(text(members[index]), Number(text(members[index + 1]))));
      if (loggedAt === undefined) break;
      position = [Number(text(loggedAt)), text(id)];
    }
    return found;
  }

  /** The newest rows of all keys. Most keys are read once, because each has its share. */
  async function readAll({ limit, ...query }: AuditQuery): Promise<AuditRow[]> {
    const parts: Part[] = keys.all.map((key) => ({ key, rows: [], isWhole: false }));
    const atOnce = Math.max(FIRST, Math.ceil(limit / FIRST));
    for (;;) {
      const rows = parts.flatMap((part) => part.rows).sort(newestFirst);
      const last = rows[limit - 1];
      // A key whose rows all belong to the page may have more of them.
      const open = parts.filter(
        ({ rows: own, isWhole }) => !isWhole && (last === undefined || isNotBehind(own.at(-1), last)),
      );
      if (open.length === 0) return rows.slice(0, limit);
      await Promise.all(
        open.map(async (part) => {
          const more = await readKey(part.key, { ...query, limit: atOnce, after: part.rows.at(-1) ?? query.after });
          part.rows.push(...more.map(({ row }) => row));
          part.isWhole = more.length < atOnce;
        }),
      );
    }
  }

  return {
    async appendAudit(row: NewAuditRow, id: string) {
      const { event, handle, userKey, actorKey, facts } = row;
      const key = userKey === null ? keys.ring : keys.ofUser(userKey);
      await run(scripts.appendAudit, [key], [id, event, handle ?? "", userKey ?? "", actorKey ?? "", facts]);
    },

    readAudit: async (query) =>
      query.userKey === undefined
        ? readAll(query)
        : (await readKey(keys.ofUser(query.userKey), query)).map(({ row }) => row),

    async deleteOldAudit(age, limit) {
      const remove = async (some: readonly string[], most: number): Promise<number> =>
        Number(await run(scripts.deleteOldAudit, some, [age, most]));
      if (!isCluster()) return remove(keys.all, limit);
      let removed = 0;
      for (const key of keys.all) if (removed < limit) removed += await remove([key], limit - removed);
      return removed;
    },

    async forgetAudit(userKey, limit) {
      const key = keys.ofUser(userKey);
      let removed = 0;
      while (removed < limit) {
        const most = limit - removed;
        const query = { userKey, from: 0, limit: most, after: undefined };
        const members = (await readKey(key, query)).map(({ member }) => member);
        if (members.length > 0) removed += Number(await run(scripts.removeAudit, [key], members));
        if (members.length < most) break;
      }
      return removed;
    },
  };
}

interface Part {
  readonly key: string;
  readonly rows: AuditRow[];
  isWhole: boolean;
}

interface Found {
  readonly row: AuditRow;
  /** As it is stored. */
  readonly member: string;
}

function readMember(member: string, loggedAt: number): Found {
  const space = member.indexOf(" ");
  const [event = "", handle, userKey, actorKey, facts = ""] = JSON.parse(member.slice(space + 1)) as readonly string[];
  const row = { loggedAt, id: member.slice(0, space), event, facts };
  return { member, row: { ...row, handle: orNull(handle), userKey: orNull(userKey), actorKey: orNull(actorKey) } };
}

const orNull = (value: string | undefined): string | null => value || null;

/** Ids are ASCII, so UTF-16 order equals byte order. */
const newestFirst = (a: AuditPosition, b: AuditPosition): number =>
  b.loggedAt - a.loggedAt || Number(a.id < b.id) - Number(a.id > b.id);

const isNotBehind = (row: AuditPosition | undefined, last: AuditPosition): boolean =>
  row === undefined || newestFirst(row, last) <= 0;
