/**
 * Every way in times every way out, in every mode and on every store: after the bound nothing lets
 * a session in that has ended, and each ending has one event.
 */
import { randomUUID } from "node:crypto";
import { memory } from "counterfoil/memory";
import { redis } from "counterfoil/redis";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type RedisSentinel, startRedisSentinel } from "../servers/redis-sentinel.ts";
import { databases, describeDatabase, removeDatabases } from "../store/databases.ts";
import { BOUND, type Client, type Mode, type Open, openAt, openSide, type Side, signIn } from "./scene.ts";
import { type Try, type WayIn, WAYS_IN } from "./ways-in.ts";
import { relayed, type WayOut, WAYS_OUT } from "./ways-out.ts";

const MODES = ["feed", "store", "off"] as const;
const IN = Object.entries<WayIn>(WAYS_IN);
const OUT = Object.entries<WayOut>(WAYS_OUT);

const table = new Map<string, number>();

afterAll(() => {
  removeDatabases();
  const rows = [...table].map(([name, count]) => `  ${name.padEnd(40)} ${count}`);
  console.log(`refused after the bound, of ${IN.length} ways in and ${OUT.length} ways out:\n${rows.join("\n")}`);
});

/** @returns the ways by which the session was let in, of those that it has */
async function waysOf(tries: ReadonlyMap<string, Try>): Promise<string[]> {
  const letIn: string[] = [];
  for (const [name, attempt] of tries) if (await attempt()) letIn.push(name);
  return letIn;
}

async function prepareAll(side: Side, client: Client, isWanted: (way: WayIn) => boolean): Promise<Map<string, Try>> {
  const tries = new Map<string, Try>();
  for (const [name, way] of IN) if (isWanted(way)) tries.set(name, await way.prepare(side, client));
  return tries;
}

/** How many rows of the audit table tell of the end. A forgotten user has none. */
async function endingsOf(side: Side, client: Client, reason: string | null | undefined): Promise<number> {
  const page = { limit: 100 };
  if (reason === null) {
    const { entries } = await side.sessions.getAudit(page);
    return entries.filter(({ event }) => event === "all-sessions-revoked").length;
  }
  const { entries } = await side.sessions.getAuditForUser(client.userId, page);
  const endings: readonly string[] = ["session-revoked", "reuse-detected"];
  const own = entries.filter(({ event, handle }) => handle === client.handle && endings.includes(event));
  for (const { facts } of own) expect(facts["reason"]).toBe(reason ?? "actor-ended");
  return own.length;
}

function define(place: string, makeOpen: () => Promise<Open>): void {
  describe.each(MODES)("revocation: %s", (mode: Mode) => {
    const config = {
      tokens: { accessToken: { revocation: mode } },
      audit: { retention: "90d" },
      rotation: { window: "1s" },
    } as const;
    let open: Open;
    let ending: Side;
    let letting: Side;
    const told: object[] = [];

    beforeAll(async () => {
      open = await makeOpen();
      ending = await openSide(open, 0, config);
      letting = await openSide(open, 1, config);
      for (const name of ["session-revoked", "all-sessions-revoked"] as const)
        ending.sessions.on(name, (event) => void told.push(event));
    });
    afterAll(() => Promise.all([ending.close(), letting.close()]));

    test.each(OUT)("%s", async (wayOut, { begin, end, reason }) => {
      ending.catchUp(letting);
      letting.catchUp(ending);
      const client = await (begin ?? signIn)(ending);
      const isOpen = ({ isForUser }: WayIn): boolean => isForUser === undefined || client.actor === undefined;
      const first = await prepareAll(letting, client, (way) => isOpen(way) && way.isLast === undefined);
      expect(await waysOf(first)).toEqual([...first.keys()]);
      const second = await prepareAll(letting, client, isOpen);
      told.length = 0;
      await end(ending, client, { open, config });
      letting.advance(BOUND[mode] + 1);
      expect(await waysOf(second)).toEqual([]);
      table.set(`${place}, ${mode}`, (table.get(`${place}, ${mode}`) ?? 0) + second.size);

      const events = [...told, ...(relayed.get(ending) ?? [])].filter(
        (event) => !("handles" in event) || (event.handles as readonly string[]).includes(client.handle),
      );
      relayed.delete(ending);
      if (reason === null) expect(events).toHaveLength(1);
      else if (reason === undefined) expect(events).toEqual([]);
      else expect(events).toEqual([expect.objectContaining({ reason })]);
      expect(await endingsOf(ending, client, reason)).toBe(wayOut === "forgetting the user" ? 0 : 1);
    });
  });
}

for (const database of databases) {
  describeDatabase(database, () => define(database.name, async () => openAt(await database.makeEmpty())));
}

describe("memory", () => {
  define("memory", async () => {
    const store = memory();
    return async () => store;
  });
});

describeWithServer("redis", "Redis Sentinel", () => {
  let group: RedisSentinel;
  beforeAll(async () => {
    group = await startRedisSentinel();
  });
  afterAll(() => group.remove());
  define("Redis Sentinel", async () => {
    const keyPrefix = `ways${randomUUID()}:`;
    return async () => {
      const sentinels = group.sentinels.map(({ host, port }) => ({ host, port }));
      const client = new Redis({ sentinels, name: group.name });
      const store = redis({ client, keyPrefix });
      return { ...store, close: async () => (await store.close(), client.disconnect()) };
    };
  });
});
