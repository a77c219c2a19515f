/** Sessions in a transaction of the app, on its own connection, by every driver. */
import { join } from "node:path";
import { createSessions, type CounterfoilConfig, type Sessions } from "counterfoil";
import { memory, type SessionStore } from "counterfoil/memory";
import { mysql } from "counterfoil/mysql";
import { sqlite } from "counterfoil/sqlite";
import { createFakeClock } from "counterfoil/testing";
import { createPool, type Pool } from "mysql2/promise";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { appConnections, type Transact, transactOnMysql2, transactOnSqlite } from "./app-connections.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { outcomeOf, SECRET, temporaryFolder } from "./fixtures.ts";
import { mysqlDialect, openStore as openByAddress } from "./open-store.ts";
import { atMost, describeSqlServers, makeStore, openStore } from "./sql-drivers.ts";

afterAll(removeDatabases);

/** A database, the app's way to it, and stores on it. */
interface Place {
  readonly transact: Transact;
  /** The store on the app's own pool, which has one connection. */
  readonly own: SessionStore;
  /** A store of another process. */
  readonly other: () => SessionStore;
  /** How much later than its statement a commit is unseen, in ms. Default: 30 s. */
  readonly lateness?: number;
}

const FEED = { tokens: { accessToken: { revocation: "feed" } } } as const;

function makeInstance(store: SessionStore, config: CounterfoilConfig = {}): Sessions {
  const sessions = createSessions({ store, secret: SECRET, ...config });
  onTestFinished(() => sessions.close());
  return sessions;
}

/** The names of the events, and who they are about. */
function listen(sessions: Sessions): unknown[] {
  const heard: unknown[] = [];
  sessions.on("session-created", ({ userId, knownDevice }) => void heard.push(["created", userId, knownDevice]));
  sessions.on("session-revoked", ({ handles, reason }) => void heard.push(["revoked", handles.length, reason]));
  sessions.on("claims-changed", ({ claims }) => void heard.push(["claims", claims]));
  return heard;
}

const UNDO = new Error("the app changed its mind");

/** All that can be done, in one transaction. */
async function doAll(sessions: Sessions, transact: Transact, end: "commit" | "rollback") {
  const [one, changed, spared, other] = await Promise.all(
    ["alice", "bob", "carol", "carol"].map((user) => sessions.createNewSession(user)),
  );
  if (one === undefined || changed === undefined || spared === undefined || other === undefined) throw new Error("few");
  const heard = listen(sessions);
  const results: unknown[] = [];
  let done = async (): Promise<void> => undefined;
  let made = "";
  const ended = await transact(async ({ query, run }) => {
    await run("INSERT INTO app_account VALUES (1)");
    const transaction = sessions.in({ query });
    ({ done } = transaction);
    const { refreshToken } = await transaction.createNewSession("dave", { role: "new" }, { cart: ["x"] });
    made = refreshToken.value;
    results.push(
      await transaction.revokeSessionUsingSessionHandle(one.session.handle),
      await transaction.revokeSessionUsingSessionHandle(one.session.handle),
      await transaction.revokeAllSessionsForUser("carol", { except: spared.session.handle }),
      await transaction.updateJwtPayload(changed.session.handle, { role: "größer" }),
      await transaction.updateSessionData(changed.session.handle, (old) => ({ ...(old as object), cart: 1 })),
    );
    if (end === "rollback") throw UNDO;
  }).catch((error: unknown) => error);
  return { one, changed, spared, other, made, heard, results, done, ended };
}

const AUDIT = { audit: { retention: "90d" } } as const;

/** The events of all audit rows. */
const auditedIn = async (sessions: Sessions): Promise<string[]> =>
  (await sessions.getAudit({ limit: 100 })).entries.map(({ event }) => event).toSorted();

const countOf = async (sessions: Sessions, user: string): Promise<number> =>
  (await sessions.getSessionsForUser(user)).length;

const countAll = (sessions: Sessions): Promise<number[]> =>
  Promise.all(["alice", "bob", "carol", "dave"].map((user) => countOf(sessions, user)));

function defineFor(makePlace: () => Promise<Place>): void {
  test("each call is committed with the transaction, and told by done()", async () => {
    const { transact, own, other } = await makePlace();
    const sessions = makeInstance(own, AUDIT);
    await sessions.ready();
    const { changed, made, heard, results, done, ended } = await doAll(sessions, transact, "commit");
    expect(ended).toBeUndefined();
    expect(results).toEqual([true, false, 1, { role: "größer" }, { cart: 1 }]);
    expect(heard).toEqual([]);
    const elsewhere = makeInstance(other());
    expect(await countAll(elsewhere)).toEqual([0, 1, 1, 1]);
    expect(await auditedIn(elsewhere)).toEqual([
      "claims-changed",
      ...Array<string>(5).fill("session-created"),
      ...Array<string>(2).fill("session-revoked"),
    ]);
    expect(await elsewhere.getSessionData(changed.session.handle)).toEqual({ cart: 1 });
    const { session } = await elsewhere.refreshSession(made);
    expect([session.userId, session.jwtPayload]).toEqual(["dave", { role: "new" }]);
    const { session: fresh } = await elsewhere.refreshSession(changed.refreshToken.value);
    expect(fresh.jwtPayload).toEqual({ role: "größer" });

    await done();
    await done();
    expect(heard).toEqual([
      ["created", "dave", undefined],
      ["revoked", 1, "revoked"],
      ["revoked", 1, "revoked"],
      ["claims", { role: "größer" }],
    ]);
  });

  test("each call is rolled back with the transaction, and nobody is told", async () => {
    const { transact, own, other } = await makePlace();
    const sessions = makeInstance(own, AUDIT);
    await sessions.ready();
    const { one, made, heard, ended } = await doAll(sessions, transact, "rollback");
    expect(ended).toBe(UNDO);
    const elsewhere = makeInstance(other());
    expect(await countAll(elsewhere)).toEqual([1, 1, 2, 0]);
    expect(await auditedIn(elsewhere)).toEqual(Array<string>(4).fill("session-created"));
    await expect(elsewhere.refreshSession(made)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
    const { session } = await elsewhere.refreshSession(one.refreshToken.value);
    expect(session.userId).toBe("alice");
    expect(heard).toEqual([]);
  });

  test("a commit 30 s late: other processes know of it after done() only", async () => {
    const { transact, own, other, lateness = 30_000 } = await makePlace();
    const sessions = makeInstance(own, FEED);
    const clock = createFakeClock();
    const elsewhere = makeInstance(other(), { ...FEED, clock: clock.now });
    const signIn = (user: string) => sessions.createNewSession(user, { role: "user" });
    const [one, all, claims] = await Promise.all(["alice", "bob", "carol"].map(signIn));
    if (one === undefined || all === undefined || claims === undefined) throw new Error("few");
    const ways = [one, all, claims].map(({ accessToken }) => accessToken.value);
    const verify = async (instance: Sessions): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const token of ways) {
        const verified = instance.getSession(token, null);
        found.push(
          await verified.then(
            ({ session }) => session.jwtPayload,
            (error: { readonly code: unknown }) => error.code,
          ),
        );
      }
      return found;
    };
    const before = [{ role: "user" }, { role: "user" }, { role: "user" }];
    const after = ["SESSION_NOT_FOUND", "SESSION_NOT_FOUND", { role: "admin" }];
    expect(await verify(elsewhere)).toEqual(before);
    expect(await verify(sessions)).toEqual(before);

    const { done } = await transact(async ({ query, run }) => {
      const transaction = sessions.in({ query });
      await transaction.revokeSessionUsingSessionHandle(one.session.handle);
      await transaction.revokeAllSessionsForUser("bob");
      await transaction.updateJwtPayload(claims.session.handle, { role: "admin" });
      // As if the transaction had been open for that long since then.
      await run(`UPDATE counterfoil_revocation SET logged_at = logged_at - ${lateness}`);
      return transaction;
    });
    clock.advance(2000);
    expect(await verify(elsewhere)).toEqual(before);

    // A sign-in meanwhile is none of those that were revoked.
    const later = await sessions.createNewSession("bob");
    await done();
    // This process knows at once, the other within the bound.
    expect(await verify(sessions)).toEqual(after);
    clock.advance(2000);
    expect(await verify(elsewhere)).toEqual(after);
    clock.advance(2000);
    const { session } = await elsewhere.getSession(later.accessToken.value, null);
    expect(session.userId).toBe("bob");
  });

  test("limits, devices, actors", async () => {
    const { transact, own } = await makePlace();
    const sessions = makeInstance(own, { session: { maxPerUser: 2, onMaxPerUser: "end-oldest", knownDevices: true } });
    const device = { label: "laptop" };
    const actor = (await sessions.createNewSession("support")).session;
    await sessions.createNewSession("alice", {}, {}, { device });
    await sessions.createNewSession("alice", {}, {}, { device: { label: "phone" } });
    const heard = listen(sessions);
    const { done } = await transact(async ({ query }) => {
      const transaction = sessions.in({ query });
      await transaction.createNewSession("alice", {}, {}, { device });
      await transaction.createNewSession("alice", {}, {}, { device: { label: "tablet" } });
      await transaction.createNewSession("alice", {}, {}, { actor });
      return transaction;
    });
    await done();
    expect(heard).toEqual([
      ["revoked", 1, "limit"],
      ["created", "alice", true],
      ["revoked", 1, "limit"],
      ["created", "alice", false],
      ["created", "alice", undefined],
    ]);
    const labels = (await sessions.getSessionsForUser("alice")).map((each) => each.device.label ?? "none");
    expect(new Set(labels)).toEqual(new Set(["laptop", "tablet", "none"]));
    expect(labels.length).toBe(3);
  });

  test("the default limit trims", async () => {
    const { transact, own } = await makePlace();
    const sessions = makeInstance(own);
    await Promise.all(Array.from({ length: 100 }, () => sessions.createNewSession("alice")));
    const heard = listen(sessions);
    const { done } = await transact(async ({ query }) => {
      const transaction = sessions.in({ query });
      await transaction.createNewSession("alice");
      return transaction;
    });
    await done();
    expect(heard).toEqual([
      ["revoked", 1, "limit"],
      ["created", "alice", undefined],
    ]);
    expect(await countOf(sessions, "alice")).toBe(100);
  });

  test("a limit that refuses is an answer, after which the transaction goes on", async () => {
    const { transact, own } = await makePlace();
    const refusing = makeInstance(own, { session: { maxPerUser: 1, onMaxPerUser: "refuse" } });
    await refusing.createNewSession("alice");
    const { done } = await transact(async ({ query }) => {
      const transaction = refusing.in({ query });
      await expect(transaction.createNewSession("alice")).rejects.toMatchObject({ code: "SESSION_LIMIT_REACHED" });
      await transaction.createNewSession("bob");
      return transaction;
    });
    await done();
    expect([await countOf(refusing, "alice"), await countOf(refusing, "bob")]).toEqual([1, 1]);
  });
}

function makeSqlitePlace(begin?: string): Place {
  const path = join(temporaryFolder(), "app.db");
  return { transact: transactOnSqlite(path, begin), own: sqlite({ path }), other: () => sqlite({ path }) };
}

async function withAppTable(place: Place): Promise<Place> {
  await place.transact(({ run }) => run("CREATE TABLE app_account (id INTEGER)"));
  return place;
}

describe("SQLite file", () => {
  defineFor(() => withAppTable(makeSqlitePlace()));

  test("another process writes after the transaction has read: STORE_CONTENDED", async () => {
    const { transact, own, other } = await withAppTable(makeSqlitePlace("BEGIN"));
    const sessions = makeInstance(own);
    const elsewhere = makeInstance(other());
    const { session } = await sessions.createNewSession("alice");
    const failing = transact(({ query }) =>
      sessions.in({ query }).updateSessionData(session.handle, async () => {
        await elsewhere.updateSessionData(session.handle, { by: "other" });
        return { by: "transaction" };
      }),
    );
    await expect(failing).rejects.toMatchObject({ errType: 3100, code: "STORE_CONTENDED" });
    expect(await sessions.getSessionData(session.handle)).toEqual({ by: "other" });
  });

  test("more sessions than one step ends", async () => {
    const { transact, own } = await withAppTable(makeSqlitePlace());
    const sessions = makeInstance(own, { session: { maxPerUser: 300 } });
    for (let index = 0; index < 250; index += 1) await sessions.createNewSession("alice");
    const heard = listen(sessions);
    const few = makeInstance(own, { session: { maxPerUser: 2, onMaxPerUser: "end-oldest" } });
    await few.ready();
    const all = await transact(async ({ query }) => {
      const [limited, transaction] = [few.in({ query }), sessions.in({ query })];
      await limited.createNewSession("alice");
      expect(await transaction.revokeAllSessionsForUser("alice")).toBe(2);
      for (let index = 0; index < 201; index += 1) await transaction.createNewSession("bob");
      expect(await transaction.revokeAllSessionsForUser("bob")).toBe(201);
      return transaction;
    });
    await all.done();
    expect(await countAll(sessions)).toEqual([0, 0, 0, 0]);
    expect(heard.filter((each) => (each as string[])[0] === "revoked")).toEqual([
      ["revoked", 2, "revoked"],
      ["revoked", 200, "revoked"],
      ["revoked", 1, "revoked"],
    ]);
  });
});

describe("misuse, and faults", () => {
  const begin = async () => {
    const place = await withAppTable(makeSqlitePlace());
    const sessions = makeInstance(place.own);
    const { session } = await sessions.createNewSession("alice");
    return { ...place, sessions, handle: session.handle };
  };

  test.each<[string, () => SessionStore]>([["memory", memory]])("%s has no transactions", async (_, make) => {
    const sessions = makeInstance(make());
    await sessions.ready();
    expect(() => sessions.in({ query: () => [] })).toThrow(
      expect.objectContaining({ code: "STORE_UNSUITABLE" }) as Error,
    );
  });

  test("before ready() there is nothing to join", async () => {
    const { own } = makeSqlitePlace();
    const sessions = makeInstance(own);
    const joining = (): unknown => sessions.in({ query: () => [] });
    expect(joining).toThrow(expect.objectContaining({ code: "NOT_INITIALISED" }) as Error);
    await sessions.ready();
    expect(joining).not.toThrow();
  });

  test.each([undefined, null, {}, { query: "SELECT 1" }, { query: () => [], querry: 1 }])(
    "%j are no options",
    async (options) => {
      const { sessions } = await begin();
      expect(() => sessions.in(options as never)).toThrow(
        expect.objectContaining({ code: "ARGUMENT_INVALID" }) as Error,
      );
    },
  );

  test("misspelt options of an operation are refused", async () => {
    const { sessions, transact } = await begin();
    await transact(async ({ query }) => {
      const transaction = sessions.in({ query });
      const wrong: Promise<unknown>[] = [
        transaction.revokeAllSessionsForUser("alice", { exept: "x" } as never),
        transaction.createNewSession("alice", {}, {}, { autTime: 1 } as never),
      ];
      for (const call of wrong) await expect(call).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    });
    expect(await countOf(sessions, "alice")).toBe(1);
  });

  test("after done() its transaction is over", async () => {
    const { sessions, transact, handle } = await begin();
    const transaction = await transact(async ({ query }) => sessions.in({ query }));
    await transaction.done();
    const late = transaction.revokeSessionUsingSessionHandle(handle);
    await expect(late).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    expect(await countOf(sessions, "alice")).toBe(1);
  });

  test("done() does not wait for an operation that runs", async () => {
    const { sessions, transact, handle } = await begin();
    await transact(async ({ query }) => {
      const transaction = sessions.in({ query });
      const running = transaction.revokeSessionUsingSessionHandle(handle);
      await expect(transaction.done()).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
      expect(await running).toBe(true);
    });
  });

  test("a failed statement fails the transaction, with no data in the error", async () => {
    const { sessions, transact, handle } = await begin();
    const heard = listen(sessions);
    await transact(async ({ query }) => {
      let isBroken = false;
      const fault = Object.assign(new Error("no more"), { parameters: ["a secret"] });
      const transaction = sessions.in({
        query(...given) {
          if (isBroken) throw fault;
          return query(...given);
        },
      });
      await transaction.updateJwtPayload(handle, { role: "admin" });
      isBroken = true;
      const error = await transaction.revokeSessionUsingSessionHandle(handle).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", cause: { message: "no more" } });
      expect(JSON.stringify(Object.entries((error as Error).cause as object))).not.toContain("secret");
      isBroken = false;
      for (const call of [() => transaction.createNewSession("alice"), transaction.done])
        await expect(call()).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
    });
    expect(heard).toEqual([]);
  });

  test("a result of an unknown shape is refused, and so is what follows", async () => {
    const { sessions, handle } = await begin();
    const transaction = sessions.in({ query: async () => ({ records: [] }) });
    const call = transaction.revokeSessionUsingSessionHandle(handle);
    await expect(call).rejects.toThrow("query of sessions.in returned an object with records");
    await expect(transaction.done()).rejects.toMatchObject({ code: "ARGUMENT_INVALID" });
  });

  test("done() writes the log again after an outage", async () => {
    const path = join(temporaryFolder(), "app.db");
    const store = sqlite({ path });
    let isDown = false;
    const appendLog: SessionStore["appendLog"] = async (...given) => {
      if (isDown) throw new Error("connect ECONNREFUSED");
      return store.appendLog(...given);
    };
    const transact = transactOnSqlite(path);
    const sessions = makeInstance({ ...store, appendLog });
    const { session } = await sessions.createNewSession("alice");
    const heard = listen(sessions);
    const transaction = await transact(async ({ query }) => {
      const joined = sessions.in({ query });
      await joined.revokeSessionUsingSessionHandle(session.handle);
      return joined;
    });
    let appended = 0;
    sessions.observeStore((operation) => void (appended += Number(operation === "appendLog")));
    isDown = true;
    await expect(transaction.done()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    isDown = false;
    await transaction.done();
    await transaction.done();
    expect(heard).toEqual([["revoked", 1, "revoked"]]);
    expect(appended).toBe(2);
  });
});

/** Dialects beside MariaDB's own, with the first node for the app and the last for the others. */
for (const name of ["MySQL's SQL, mysql2", "Galera, mysql2"]) {
  for (const database of databases.filter((each) => each.name === name)) {
    describeDatabase(database, () => {
      defineFor(async () => {
        const addressOf = await database.makeEmpty();
        const [own, other] = [addressOf(0), addressOf(2)].map((address) => ("url" in address ? address.url : ""));
        const pool = createPool({ uri: own ?? "", connectionLimit: 1 });
        const otherPool = createPool(other ?? "");
        onTestFinished(async () => void (await Promise.all([pool.end(), otherPool.end()])));
        const isGalera = database.server === "galera";
        const open = isGalera ? async (given: Pool) => mysql({ pool: given }) : mysqlDialect;
        const [ownStore, otherStore] = [await open(pool), await open(otherPool)];
        return withAppTable({
          transact: transactOnMysql2(pool),
          own: ownStore,
          other: () => otherStore,
          lateness: isGalera ? 100_000 : 30_000,
        });
      });
    });
  }
}

for (const database of databases.filter(({ name }) => name.startsWith("Redis, "))) {
  describeDatabase(database, () => {
    test("Redis has no transactions that the app could share", async () => {
      const sessions = makeInstance(await openByAddress((await database.makeEmpty())(0)));
      await sessions.ready();
      expect(() => sessions.in({ query: () => [] })).toThrow(
        expect.objectContaining({ code: "STORE_UNSUITABLE" }) as Error,
      );
    });
  });
}

describeSqlServers((kind, drivers, server) => {
  for (const driver of drivers) {
    for (const connection of appConnections(driver)) {
      const makePlace = async (): Promise<Place> => {
        const address = server().connectionOptions(await server().createDatabase());
        const pool = driver.makePool(address, atMost(driver, 1));
        const own = openStore(driver, pool);
        return withAppTable({ transact: connection.transact(pool), own, other: () => makeStore(kind, address) });
      };

      describe(`${connection.name}, a pool of one connection`, () => {
        defineFor(makePlace);

        test("another process changes the session meanwhile: one attempt, then STORE_CONTENDED", async () => {
          const { transact, own, other } = await makePlace();
          const sessions = makeInstance(own);
          const elsewhere = makeInstance(other());
          const { session } = await sessions.createNewSession("alice");
          let attempts = 0;
          const failing = transact(async ({ query }) => {
            const transaction = sessions.in({ query });
            const error = await transaction
              .updateSessionData(session.handle, async () => {
                attempts += 1;
                await elsewhere.updateSessionData(session.handle, { by: "other" });
                return { by: "transaction" };
              })
              .catch((caught: unknown) => caught);
            throw error;
          });
          await expect(failing).rejects.toMatchObject({ errType: 3100, code: "STORE_CONTENDED" });
          expect(attempts).toBe(1);
          expect(await sessions.getSessionData(session.handle)).toEqual({ by: "other" });
        });

        test("a snapshot that another process has overtaken: STORE_CONTENDED, also in a wrapped error", async () => {
          const { transact, own, other } = await makePlace();
          const sessions = makeInstance(own);
          const elsewhere = makeInstance(other());
          const { session } = await sessions.createNewSession("alice");
          const failing = transact(async ({ query, run }) => {
            if (kind === "postgres") await run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            await run("SELECT * FROM counterfoil_session");
            await elsewhere.updateSessionData(session.handle, { by: "other" });
            const transaction = sessions.in({
              // As Drizzle does.
              query: async (...given) => {
                try {
                  return await query(...given);
                } catch (cause) {
                  throw new Error("Failed query", { cause });
                }
              },
            });
            await transaction.updateJwtPayload(session.handle, { role: "admin" });
          });
          expect(await outcomeOf(failing)).toBe("RETRY/STORE_CONTENDED");
        });

        test("a limit counts what others committed after the transaction began", async () => {
          const { transact, own, other } = await makePlace();
          const limit = { session: { maxPerUser: 2, onMaxPerUser: "end-oldest" } } as const;
          const sessions = makeInstance(own, limit);
          const elsewhere = makeInstance(other(), limit);
          await sessions.ready();
          const signingIn = transact(async ({ query, run }) => {
            await run("SELECT * FROM counterfoil_session");
            for (let index = 0; index < 2; index += 1) await elsewhere.createNewSession("alice");
            await sessions.in({ query }).createNewSession("alice");
          });
          // A server that refuses to read on says so.
          const outcome = await outcomeOf(signingIn);
          expect(["ok", "RETRY/STORE_CONTENDED"]).toContain(outcome);
          expect(await countOf(sessions, "alice")).toBe(2);
        });
      });
    }
  }
});
