/** The sweep: nobody waits for it, it goes on by itself, and lets others come between. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { HOUR, MINUTE, START } from "../../../test/fixtures/constants.ts";
import { World } from "../../../test/fixtures/session-world.ts";
import type { SessionStore } from "./session-store.ts";
import { contextOf } from "./assemble-sessions.ts";
import type { Sessions } from "./sessions.ts";
import { createCalls } from "./calls.ts";
import { createUpkeep, type Upkeep } from "./upkeep.ts";

const settled = (sessions: object): Promise<void> => contextOf(sessions).upkeep.settled();

function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { open, passed };
}

interface Swept {
  readonly world: World;
  readonly sessions: Sessions;
  /** What each step removed. */
  readonly steps: number[];
  readonly left: () => Promise<number>;
}

/** So many sessions that have expired, and an instance whose steps are noted. */
async function expired(count: number, sweep?: SessionStore["deleteExpiredSessions"]): Promise<Swept> {
  const world = new World({ session: { idleTimeout: "1h", maxPerUser: false } });
  const handles: string[] = [];
  for (let made = 0; made < count; made += 1) handles.push((await world.signIn()).session.handle);
  await settled(world.sessions);
  world.now += HOUR;
  const steps: number[] = [];
  const deleteExpiredSessions: SessionStore["deleteExpiredSessions"] = async (now, limit) => {
    const removed = await (sweep === undefined ? world.store.deleteExpiredSessions(now, limit) : sweep(now, limit));
    steps.push(removed);
    return removed;
  };
  const sessions = world.another({ store: { ...world.store, deleteExpiredSessions }, session: { maxPerUser: false } });
  const left = async (): Promise<number> => {
    const rows = await Promise.all(handles.map((handle) => world.store.findSession(handle)));
    return rows.filter((row) => row !== undefined).length;
  };
  return { world, sessions, steps, left };
}

test("a request that writes begins it and does not wait; it removes 50 at a time until none is left", async () => {
  const { passed, open } = gate();
  let calls = 0;
  const scene = await expired(120, async (now, limit) => {
    calls += 1;
    await passed;
    return scene.world.store.deleteExpiredSessions(now, limit);
  });
  const { sessions, steps, left } = scene;
  const { refreshToken } = await sessions.createNewSession("bob");
  await sessions.refreshSession(refreshToken.value);
  await turn();
  // One at a time, whatever is asked meanwhile.
  expect([calls, await left()]).toEqual([1, 120]);
  open();
  await settled(sessions);
  expect([steps, await left()]).toEqual([[50, 50, 20], 0]);
  await sessions.createNewSession("bob");
  await settled(sessions);
  expect(steps).toHaveLength(3);
  scene.world.now += MINUTE;
  await sessions.createNewSession("bob");
  await settled(sessions);
  expect(steps).toEqual([50, 50, 20, 0]);
});

test("others come between two steps", async () => {
  let turns = 0;
  const seen: number[] = [];
  const scene = await expired(200, async (now, limit) => {
    seen.push(turns);
    return scene.world.store.deleteExpiredSessions(now, limit);
  });
  await scene.sessions.createNewSession("bob");
  const sweeping = settled(scene.sessions).then(() => (turns = Number.NaN));
  while (!Number.isNaN(turns)) {
    await turn();
    turns += 1;
  }
  await sweeping;
  for (const [index, at] of seen.entries())
    if (index > 0) expect(at - (seen[index - 1] ?? 0)).toBeGreaterThanOrEqual(8);
  expect(seen.length).toBe(5);
});

test("a fault of it fails nobody, and it is tried again in a minute", async () => {
  let calls = 0;
  const { world, sessions } = await expired(1, async () => {
    calls += 1;
    throw new Error("the disk is full");
  });
  for (const passed of [0, 0, MINUTE - 1, 1]) {
    world.now += passed;
    await sessions.createNewSession("bob");
    await settled(sessions);
  }
  expect(calls).toBe(2);
});

test("close() waits for the step at hand, and begins no other", async () => {
  const { passed, open } = gate();
  const done: string[] = [];
  const world = new World();
  const sessions = world.another({
    store: {
      ...world.store,
      async deleteExpiredSessions(_, limit) {
        await passed;
        done.push("step");
        return limit;
      },
      close: async () => void done.push("closed"),
    },
  });
  await sessions.createNewSession("bob", { role: "member" }, { count: 0 });
  await turn();
  const closing = sessions.close();
  open();
  await closing;
  expect(done).toEqual(["step", "closed"]);
});

interface Endless {
  readonly upkeep: Upkeep;
  steps: number;
  leases: number;
  /** How long a step takes. */
  pace: number;
  isLost: boolean;
  now: number;
}

/** There is always more. */
function endless(): Endless {
  const scene: Endless = { upkeep: undefined as never, steps: 0, leases: 0, pace: 0, isLost: false, now: START };
  const store: Pick<SessionStore, "deleteExpiredSessions" | "deleteOldAudit" | "takeLease"> = {
    deleteOldAudit: async () => 0,
    async deleteExpiredSessions(_, limit) {
      scene.now += scene.pace;
      scene.steps += 1;
      return limit;
    },
    async takeLease() {
      scene.leases += 1;
      return !scene.isLost;
    },
  };
  const now = (): number => scene.now;
  const clocks = { now, earlier: now, read: async () => undefined };
  return Object.assign(scene, {
    upkeep: createUpkeep({ store, ring: { tend: () => undefined }, clocks, aside: createCalls(1000).aside }),
  });
}

test("one request sets 100,000 rows going at most, and the next goes on without waiting a minute", async () => {
  const scene = endless();
  for (const steps of [2000, 4000]) {
    await scene.upkeep.begin();
    await scene.upkeep.settled();
    expect(scene.steps).toBe(steps);
  }
  expect(scene.leases).toBe(1);
});

test("the lease is prolonged meanwhile, and the sweep ends when another has it", async () => {
  const scene = endless();
  scene.pace = 100;
  await scene.upkeep.begin();
  await scene.upkeep.settled();
  expect([scene.steps, scene.leases]).toEqual([2000, 4]);
  scene.isLost = true;
  await scene.upkeep.begin();
  await scene.upkeep.settled();
  // Until a minute after it was last prolonged.
  expect([scene.steps, scene.leases]).toEqual([2400, 5]);
});

test("sweep() removes what there is, or as much as it is told, lease or not", async () => {
  const { world, sessions, steps, left } = await expired(130);
  await world.store.takeLease("sweep", "another", world.now, world.now + HOUR);
  expect([await sessions.sweep({ limit: 60 }), await left()]).toEqual([60, 70]);
  expect([await sessions.sweep(), await left()]).toEqual([70, 0]);
  expect([await sessions.sweep(), steps]).toEqual([0, [50, 10, 50, 20, 0]]);
});

test.each([0, -1, 1.5, Number.NaN, "9"])("sweep({ limit: %s }) is refused", async (limit) => {
  await expect(new World().sessions.sweep({ limit: limit as number })).rejects.toMatchObject({
    code: "ARGUMENT_INVALID",
  });
});
