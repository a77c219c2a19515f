/**
 * A process whose clock is wrong, beside one whose clock is right, on every database: wherever time
 * ends or removes something, nobody else's session ends (docs/decisions/044).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CounterfoilConfig, createSessions, type CreatedSession, type Sessions } from "../../src/index.ts";
import { createSession } from "../../src/lib/session/create-session.ts";
import { contextOf } from "../../src/lib/session/assemble-sessions.ts";
import { createTicket, redeemTicket } from "../../src/lib/session/ticket-session.ts";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { outcomeOf, SECRET } from "./fixtures.ts";
import { openStore } from "./open-store.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const SUPERSEDED = "RETRY/REFRESH_TOKEN_SUPERSEDED";
const DISAGREE = "GENERAL_ERROR/CLOCKS_DISAGREE";
/** Sessions end within the hour, and no key is needed for longer than a day. */
const SHORT: CounterfoilConfig = { session: { idleTimeout: "30m", absoluteTimeout: "24h" } };
const LONG: CounterfoilConfig = { session: { absoluteTimeout: "101d" } };

interface WrongClock {
  readonly name: string;
  readonly ahead: number;
  readonly config: CounterfoilConfig;
}

const CLOCKS: readonly WrongClock[] = [
  { name: "an hour ahead", ahead: HOUR, config: SHORT },
  { name: "101 days ahead", ahead: 101 * DAY, config: LONG },
  { name: "an hour behind", ahead: -HOUR, config: SHORT },
  { name: "101 days behind", ahead: -101 * DAY, config: LONG },
];

class Scene {
  readonly store: SessionStore;
  readonly clock: WrongClock;
  readonly right: Sessions;
  /** Whose clock goes on by as much, too. */
  passed = 0;
  private users = 0;

  constructor(store: SessionStore, clock: WrongClock) {
    this.store = store;
    this.clock = clock;
    this.right = createSessions({ store, secret: SECRET, ...clock.config });
  }

  wrong(config: CounterfoilConfig = {}): Sessions {
    const clock = (): number => Date.now() + this.clock.ahead + this.passed;
    const rotation = { clock: "store" } as const;
    return createSessions({ store: this.store, secret: SECRET, ...this.clock.config, ...config, clock, rotation });
  }

  newUser(): string {
    return `${this.clock.name} ${(this.users += 1)}`;
  }

  get isAhead(): boolean {
    return this.clock.ahead > 0;
  }

  /** Nobody holds the lease of the sweep any more. */
  async freeLease(): Promise<void> {
    expect(await this.store.takeLease("sweep", "the test", Number.MAX_SAFE_INTEGER, 0)).toBe(true);
  }

  /** A process that has just started sweeps with its first sign-in. */
  async sweepByWrongClock(): Promise<void> {
    await this.freeLease();
    const wrong = this.wrong();
    await wrong.createNewSession(this.newUser());
    await contextOf(wrong).upkeep.settled();
  }

  /** By the process whose clock is right. */
  async expectAlive(...created: readonly CreatedSession[]): Promise<void> {
    for (const { refreshToken } of created)
      expect(await outcomeOf(this.right.refreshSession(refreshToken.value))).toBe("ok");
  }
}

/** Wherever a clock ends or removes something. */
const SHARDS: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  async "the sweep"(scene) {
    const { right } = scene;
    const made = [await right.createNewSession(scene.newUser()), await right.createNewSession(scene.newUser())];
    await scene.sweepByWrongClock();
    await scene.expectAlive(...made);
  },

  async "a refresh"(scene) {
    const created = await scene.right.createNewSession(scene.newUser());
    const wrong = scene.wrong();
    const skews: unknown[] = [];
    wrong.on("clock-skew", (event) => void skews.push(event));
    const outcome = await outcomeOf(wrong.refreshSession(created.refreshToken.value));
    expect(outcome).toBe(scene.isAhead ? DISAGREE : "ok");
    await outcomeOf(wrong.refreshSession(created.refreshToken.value));
    // Those who ask an embedded store for the time ask their own machine.
    expect(skews.length).toBe(scene.isAhead || scene.store.readClock !== undefined ? 1 : 0);
    await scene.expectAlive(created);
  },

  async "a check for revocation"(scene) {
    const { accessToken } = await scene.right.createNewSession(scene.newUser());
    const wrong = contextOf(scene.wrong({ tokens: { accessToken: { revocation: "store" } } }));
    await wrong.ready();
    const verdict = wrong.accessTokens.verify(accessToken.value);
    if (verdict.kind !== "authentic" || wrong.revocation === undefined) throw new Error("nothing is checked");
    const found = wrong.revocation.check(verdict.token, wrong.now());
    expect(await outcomeOf(Promise.resolve(found))).toBe(scene.isAhead ? DISAGREE : "ok");
  },

  async "reading data"(scene) {
    const { session } = await scene.right.createNewSession(scene.newUser());
    const outcome = await outcomeOf(scene.wrong().getSessionData(session.handle));
    expect(outcome).toBe(scene.isAhead ? DISAGREE : "ok");
  },

  async "a list"(scene) {
    const user = scene.newUser();
    const { session } = await scene.right.createNewSession(user);
    const wrong = scene.wrong();
    await wrong.ready();
    // What has ended by the policy is not listed, but nothing ends by that.
    if (!scene.isAhead || scene.store.readClock !== undefined)
      expect(await wrong.getAllSessionHandlesForUser(user)).toEqual([session.handle]);
    expect(await scene.right.getAllSessionHandlesForUser(user)).toEqual([session.handle]);
  },

  async "a sign-in"(scene) {
    const created = await scene.wrong().createNewSession(scene.newUser());
    await scene.freeLease();
    const sweeper = createSessions({ store: scene.store, secret: SECRET, ...scene.clock.config });
    await sweeper.createNewSession("sweeper");
    await contextOf(sweeper).upkeep.settled();
    // A process that cannot know better is left to its own sessions.
    if (scene.isAhead || scene.store.readClock !== undefined) await scene.expectAlive(created);
  },

  async "a limit of sessions"(scene) {
    const user = scene.newUser();
    const limit = { session: { ...scene.clock.config.session, maxPerUser: 2 } };
    const right = createSessions({ store: scene.store, secret: SECRET, ...limit });
    // By a clock that is a moment behind, so that no other session begins in the same millisecond.
    const clock = (): number => Date.now() - 1000;
    const rotation = { clock: "store" } as const;
    await createSessions({ store: scene.store, secret: SECRET, ...limit, clock, rotation }).createNewSession(user);
    const second = await scene.wrong(limit).createNewSession(user);
    const third = await right.createNewSession(user);
    if (scene.isAhead || scene.store.readClock !== undefined) await scene.expectAlive(second);
    await scene.expectAlive(third);
  },

  async "a session that was replaced"(scene) {
    const wrong = contextOf(scene.wrong());
    for (const by of [contextOf(scene.right), wrong]) {
      const userId = scene.newUser();
      const old = await scene.right.createNewSession(userId);
      await createSession(by, { userId, replaces: { handle: old.session.handle } });
      await scene.sweepByWrongClock();
      if (scene.store.readClock === undefined && by === wrong && !scene.isAhead) continue;
      expect(await outcomeOf(scene.right.refreshSession(old.refreshToken.value))).toBe(SUPERSEDED);
      expect(await outcomeOf(scene.wrong().refreshSession(old.refreshToken.value))).toBe(SUPERSEDED);
    }
  },

  async "a ticket"(scene) {
    const { session } = await scene.right.createNewSession(scene.newUser());
    const [right, wrong] = [contextOf(scene.right), contextOf(scene.wrong())];
    const ticket = await createTicket(right, session.handle, 30_000);
    await wrong.ready();
    expect(await outcomeOf(redeemTicket(right, ticket.value))).toBe("ok");
    await scene.sweepByWrongClock();
    for (const each of [right, wrong])
      expect(await outcomeOf(redeemTicket(each, ticket.value))).toBe("UNAUTHORISED/TICKET_INVALID");
  },

  async "a key that all need"(scene) {
    const created = await scene.right.createNewSession(scene.newUser());
    const wrong = scene.wrong();
    const { kid, activatesAt } = await wrong.rotateSigningKey();
    // A process that is behind, and cannot know, takes the key at present for one that waits.
    if (scene.isAhead || scene.store.readClock !== undefined) {
      expect(activatesAt).toBeGreaterThan(Date.now() + 9 * MINUTE);
      expect(activatesAt).toBeLessThan(Date.now() + 11 * MINUTE);
      expect((await scene.right.rotateSigningKey()).kid).toBe(kid);
    }
    // As if it lived on for a year, and looked after the keys now and then.
    for (const days of [1, 30, 60, 200, 400]) {
      scene.passed = scene.isAhead ? days * DAY : 0;
      await wrong.getJwks();
    }
    scene.passed = 0;
    expect((await scene.store.listKeys()).at(-1)?.kid).toBe(kid);
    await scene.expectAlive(created);
  },

  async "the lease"(scene) {
    await scene.sweepByWrongClock();
    const soon = Date.now() + MINUTE + 10_000;
    expect(await scene.store.takeLease("sweep", "another", soon, soon)).toBe(true);
  },
};

afterAll(removeDatabases);

/** What each driver makes of the times, the clauses look at. */
const ONE_OF_EACH = /^(SQLite|MariaDB, mysql2|PostgreSQL, pg|Redis, node-redis|Redis Cluster, ioredis|Galera)/;

for (const database of databases.filter(({ name }) => ONE_OF_EACH.test(name))) {
  describeDatabase(database, () => {
    describe.each(CLOCKS)("$name", (clock) => {
      let scene: Scene;

      beforeAll(async () => {
        const addressOf = await database.makeEmpty();
        scene = new Scene(await openStore(addressOf(0)), clock);
        await scene.right.ready();
      });

      afterAll(() => scene.store.close());

      test.each(Object.keys(SHARDS))("%s", async (place) => {
        await SHARDS[place]?.(scene);
      });
    });
  });
}
