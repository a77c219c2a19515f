/**
 * Writes whose answer gets lost, on every store that is reached by a connection: the error says
 * that the outcome is not
 * known, and a revocation has its event. In SQLite and in memory no answer can get lost.
 */
import { createSessions, type CreatedSession, type SessionEventName, type Sessions } from "counterfoil";
import { Redis as IoRedisClient } from "ioredis";
import { createClient } from "redis";
import { redis, type RedisClient } from "counterfoil/redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { createNewSession, withSessions } from "counterfoil/web";
import { deleteSession } from "../../build/lib/store/redis/redis-scripts.js";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type Proxy, type ProxyTarget, startProxy } from "../servers/proxy.ts";
import { sharedRedis } from "../servers/shared.ts";
import { caught, SECRET } from "./fixtures.ts";
import { atMost, describeSqlServers, openStore } from "./sql-drivers.ts";

const UNKNOWN = /it is not known whether it was done/;
const UNTOUCHED = /sessions are untouched/;

interface Scene {
  readonly proxy: Proxy;
  readonly sessions: Sessions;
  readonly clock: { now: number };
  readonly events: (readonly [SessionEventName, object])[];
  readonly alice: CreatedSession;
}

/** One connection, or one that is made anew, through a proxy. */
type MakeStore = (options: object) => Promise<{ readonly proxy: Proxy; readonly store: SessionStore }>;

const MARK = "what the write carries and nothing else";

/**
 * Calls, and a text by which the write in them is known. `removal`: by text of its statement, or of
 * its script.
 */
const WRITES: Readonly<Record<string, (scene: Scene, removal: string) => readonly [string, () => Promise<unknown>]>> = {
  "sign-in": ({ sessions }) => [MARK, () => sessions.createNewSession(MARK)],
  refresh: ({ sessions, alice }) => [
    MARK,
    () => sessions.refreshSession(alice.refreshToken.value, { device: { label: MARK } }),
  ],
  "update of data": ({ sessions, alice }) => [MARK, () => sessions.updateSessionData(alice.session.handle, MARK)],
  "update of claims": ({ sessions, alice }) => [MARK, () => sessions.updateJwtPayload(alice.session.handle, MARK)],
  "revocation of one": ({ sessions, alice: { session } }) => [
    session.handle,
    () => sessions.revokeSessionUsingSessionHandle(session.handle),
  ],
  "revocation of a user's": ({ sessions }) => ["alice", () => sessions.revokeAllSessionsForUser("alice")],
  "revocation of everything": ({ sessions, alice }) => [keyOf(alice), () => sessions.revokeAllSessions()],
  "reuse alarm": ({ sessions, alice }, removal) => [removal, () => sessions.refreshSession(alice.refreshToken.value)],
  "sign-in in the place of another": ({ sessions, alice }) => [MARK, () => signInAgain(sessions, alice)],
};

/** The name of the key that signed a session's access token. */
function keyOf({ accessToken }: CreatedSession): string {
  const [header = ""] = accessToken.value.split(".");
  return (JSON.parse(Buffer.from(header, "base64url").toString()) as { readonly kid: string }).kid;
}

/** In a browser that has the cookies of a session, which the new one replaces. */
async function signInAgain(sessions: Sessions, { accessToken }: CreatedSession): Promise<void> {
  let failure: unknown;
  const signIn = withSessions(
    async (request) => {
      await createNewSession(request, MARK, { sessions }).catch((error: unknown) => (failure = error));
      return new Response();
    },
    { sessions },
  );
  const cookie = `${sessions.cookieNames.access}=${accessToken.value}`;
  await signIn(new Request("http://localhost/", { method: "POST", headers: { cookie } }));
  if (failure !== undefined) throw failure;
}

/** What is told of them. */
const EVENTS: Readonly<Record<string, (handle: string) => readonly (readonly [SessionEventName, object])[]>> = {
  "revocation of one": (handle) => [["session-revoked", { handles: [handle], reason: "revoked", unknown: true }]],
  "revocation of a user's": () => [
    ["session-revoked", { handles: [], userId: "alice", reason: "revoked", unknown: true }],
  ],
  "revocation of everything": () => [["all-sessions-revoked", { removed: 0, unknown: true }]],
  "reuse alarm": (handle) => [
    ["reuse-detected", expect.objectContaining({ handle, revoked: true, unknown: true }) as object],
    ["session-revoked", { handles: [handle], userId: "alice", reason: "reuse", unknown: true }],
  ],
  "sign-in in the place of another": (handle) => [
    ["session-revoked", { handles: [handle], userId: "alice", reason: "signed-in-again", unknown: true }],
    ["session-revoked", { handles: [], userId: MARK, reason: "limit", unknown: true }],
  ],
  "sign-in": () => [["session-revoked", { handles: [], userId: MARK, reason: "limit", unknown: true }]],
};

async function setScene(makeStore: MakeStore, options: object = {}): Promise<Scene> {
  const { proxy, store } = await makeStore(options);
  const clock = { now: T0 };
  const sessions = createSessions({ store, secret: SECRET, clock: () => clock.now, rotation: { clock: "process" } });
  onTestFinished(async () => {
    proxy.heed();
    await sessions.close();
  });
  await expect.poll(() => sessions.ready().then(() => "ready", String), { timeout: 30_000 }).toBe("ready");
  const alice = await sessions.createNewSession("alice", {}, {});
  const events: [SessionEventName, object][] = [];
  for (const name of ["session-revoked", "reuse-detected", "all-sessions-revoked"] as const)
    sessions.on(name, (event) => void events.push([name, event]));
  return { proxy, sessions, clock, events, alice };
}

/** The network is well again. A connection that has lost an answer is of no use to anybody. */
function recover(proxy: Proxy): void {
  proxy.heed();
  proxy.cut();
}

/** What MySQL and MariaDB do in a transaction: only its commit can get lost. */
const TRANSACTIONS: ReadonlySet<string> = new Set([
  "update of claims",
  "revocation of one",
  "revocation of a user's",
  "reuse alarm",
  "sign-in in the place of another",
]);

function define(makeStore: MakeStore, removal: string, hasTransactions = false): void {
  test.each(Object.keys(WRITES))("%s", async (name) => {
    const scene = await setScene(makeStore);
    const { proxy, sessions, alice, clock, events } = scene;
    if (name === "reuse alarm") {
      // Its child is in use, and then it comes again.
      const { newRefreshToken } = await sessions.refreshSession(alice.refreshToken.value);
      clock.now += 30_000;
      await sessions.refreshSession(newRefreshToken.value);
      clock.now += 20_000;
    }
    const [mark, call] = WRITES[name]?.(scene, removal) ?? expect.fail("no such call");
    const cut = proxy.cutNext("after", hasTransactions && TRANSACTIONS.has(name) ? "COMMIT" : mark);
    const error = await caught(call());
    await cut;
    expect(error.code).toBe("STORE_UNAVAILABLE");
    expect(error.message).toMatch(UNKNOWN);
    expect(events).toEqual(EVENTS[name]?.(alice.session.handle) ?? []);
  });

  test("no answer in time is an answer that got lost; of a read nothing can", async () => {
    const { proxy, sessions, alice, events } = await setScene(makeStore, { timeout: "1s" });
    const { handle } = alice.session;
    proxy.swallow();
    expect((await caught(sessions.getSessionData(handle))).message).toMatch(UNTOUCHED);
    expect(events).toEqual([]);
    recover(proxy);
    await expect.poll(() => sessions.getSessionData(handle).then(() => "ok", String), { timeout: 30_000 }).toBe("ok");
    proxy.swallow();
    const { message } = await caught(sessions.revokeSessionUsingSessionHandle(handle));
    // A transaction that lost the answer to its begin was never committed.
    expect(message).toMatch(hasTransactions ? UNTOUCHED : UNKNOWN);
    const unknown = ["session-revoked", { handles: [handle], reason: "revoked", unknown: true }];
    expect(events).toEqual(hasTransactions ? [] : [unknown]);
    recover(proxy);
    // If it was done, the retry that asks for it again finds nothing to tell of.
    const again = () => sessions.revokeSessionUsingSessionHandle(handle).catch(() => "not yet");
    await expect.poll(again, { timeout: 30_000 }).toBe(hasTransactions);
  });

  test("what never reached the database has touched nothing, and no event claims that it may have", async () => {
    const { proxy, sessions, alice, events } = await setScene(makeStore, { timeout: "2s" });
    const revoke = () => caught(sessions.revokeSessionUsingSessionHandle(alice.session.handle));
    proxy.refuse();
    proxy.cut();
    // A driver may notice with the first statement only that its connection is gone.
    await expect.poll(async () => (await revoke()).message, { timeout: 30_000 }).toMatch(UNTOUCHED);
    events.length = 0;
    expect((await revoke()).message).toMatch(UNTOUCHED);
    expect(events).toEqual([]);
    await proxy.accept();
    const again = () => sessions.revokeSessionUsingSessionHandle(alice.session.handle).catch(() => "not yet");
    await expect.poll(again, { timeout: 30_000 }).not.toBe("not yet");
  });
}

async function proxyTo(target: ProxyTarget): Promise<Proxy> {
  const proxy = await startProxy(target);
  onTestFinished(() => proxy.close());
  return proxy;
}

describeSqlServers((kind, drivers, server) => {
  describe.each(drivers)("$name", (driver) => {
    let database: string | undefined;
    define(
      async (options) => {
        database ??= await server().createDatabase();
        const place = server().connectionOptions(database);
        const proxy = await proxyTo(place);
        const pool = driver.makePool({ ...place, port: proxy.port }, atMost(driver, 1));
        return { proxy, store: openStore(driver, pool, options) };
      },
      "DELETE FROM",
      kind === "mariadb",
    );

    // postgres.js sends the statements of several on one connection, and fails them by one error.
    test("what another waits for on the connection has no say in it", async () => {
      database ??= await server().createDatabase();
      const place = server().connectionOptions(database);
      const proxy = await proxyTo(place);
      const pool = driver.makePool({ ...place, port: proxy.port }, atMost(driver, 1));
      const [store, other] = [openStore(driver, pool), openStore(driver, pool)];
      const sessions = createSessions({ store, secret: SECRET });
      onTestFinished(() => sessions.close());
      const { session } = await sessions.createNewSession("alice");
      // A statement that is new to a connection has it for itself.
      await sessions.updateSessionData(session.handle, "before");
      const held = proxy.holdAfter(MARK);
      const write = caught(sessions.updateSessionData(session.handle, MARK));
      await held;
      // It only looks at the server, so it leaves everything as it was.
      const start = other.prepare().catch(() => undefined);
      await new Promise((turn) => setImmediate(turn));
      proxy.cut();
      proxy.release();
      expect((await write).message).toMatch(UNKNOWN);
      await start;
    });
  });
});

/**
 * ioredis says of a command whose connection broke nothing at all, where it may not send it again.
 */
const IMPATIENT = { timeout: "2s" } as const;

const CLIENTS: Readonly<Record<string, (url: string) => Promise<RedisClient>>> = {
  async "node-redis"(url) {
    const client = createClient({ url, disableOfflineQueue: true });
    onTestFinished(() => client.destroy());
    return client.on("error", () => undefined).connect();
  },
  async ioredis(url) {
    const client = new IoRedisClient(url, { autoResendUnfulfilledCommands: false, enableOfflineQueue: false });
    onTestFinished(() => client.disconnect());
    await new Promise((resolve) => client.on("error", () => undefined).once("ready", resolve));
    return client;
  },
};

describeWithServer("redis", "Redis", () => {
  describe.each(Object.keys(CLIENTS))("%s", (name) => {
    let count = 0;
    define(async (options) => {
      const url = new URL(await sharedRedis());
      const proxy = await proxyTo({ host: url.hostname, port: Number(url.port) });
      url.port = String(proxy.port);
      url.hostname = proxy.host;
      const client = (await CLIENTS[name]?.(url.href)) ?? expect.fail("no such client");
      const store = redis({ client, keyPrefix: `lost${process.pid}${name}${(count += 1)}:`, ...IMPATIENT, ...options });
      return { proxy, store };
    }, deleteSession.sha);
  });
});
