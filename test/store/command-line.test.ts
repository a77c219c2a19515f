/** The commands of operators, on real databases beside an app that runs. */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createSessions, type CreatedSession, type Sessions } from "counterfoil";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type CommandOutcome, counterfoil, storeArguments } from "../fixtures/command.ts";
import { DAY, SECRET } from "../fixtures/constants.ts";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { startRedisSentinel } from "../servers/redis-sentinel.ts";
import { sharedPostgres, sharedRedisCluster } from "../servers/shared.ts";
import { makeApp } from "./app-folder.ts";
import { databases, describeDatabase, removeDatabases } from "./databases.ts";
import { openStore, type StoreAddress } from "./open-store.ts";

const NEW_SECRET = "another secret for tests, of 32 characters and more";
const CLAIM = "a claim that is nobody else's business";
const DATA = "data that is nobody else's business";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "counterfoil-"));
});

afterAll(async () => {
  removeDatabases();
  await rm(folder, { recursive: true, force: true });
});

interface App {
  readonly sessions: Sessions;
  readonly address: StoreAddress;
  readonly signIn: (userId: string | number, label?: string) => Promise<CreatedSession>;
  /** Runs a command on this store; no secret of any kind may be printed. */
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<CommandOutcome>;
  /** The same with `--json`. @returns the exit code and the value */
  readonly json: (
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly status: number | null; readonly value: unknown }>;
}

/** An app that keeps running. */
async function startApp(address: StoreAddress, secret = SECRET): Promise<App> {
  const sessions = createSessions({ store: await openStore(address), secret });
  onTestFinished(() => sessions.close());
  await sessions.ready();
  const secrets = [SECRET, NEW_SECRET, CLAIM, DATA];

  const run: App["run"] = async (args, env) => {
    const outcome = await counterfoil([...args, ...storeArguments(address)], env);
    for (const hidden of secrets) expect(`${outcome.stdout}${outcome.stderr}`).not.toContain(hidden);
    return outcome;
  };
  return {
    sessions,
    address,
    run,
    async signIn(userId, label) {
      const device = { ip: "203.0.113.7", ...(label === undefined ? {} : { label }) };
      const created = await sessions.createNewSession(userId, { CLAIM }, { DATA }, { device });
      secrets.push(created.accessToken.value, created.refreshToken.value, created.antiCsrfToken ?? CLAIM);
      return created;
    },
    async json(args, env) {
      const { status, stdout, stderr } = await run([...args, "--json"], env);
      expect(stderr).toBe("");
      expect(stdout).toMatch(/^\{.*\}\n$/);
      return { status, value: JSON.parse(stdout) };
    },
  };
}

/** Each kind of address that the command takes. */
const addressed = databases.filter(({ name }) =>
  /^(SQLite|MariaDB, mysql2|PostgreSQL, pg|Redis, node|Redis Cluster, node)/.test(name),
);

test("there is a database of each kind", () => {
  expect(addressed.map(({ name }) => name)).toEqual([
    "SQLite file",
    "MariaDB, mysql2",
    "PostgreSQL, pg",
    "Redis, node-redis",
    "Redis Cluster, node-redis",
  ]);
});

for (const database of addressed) {
  describeDatabase(database, () => {
    const start = async (): Promise<App> => startApp((await database.makeEmpty())(0));

    test("sessions list: a user's sessions, newest first, by pages", async () => {
      const app = await start();
      const handles: string[] = [];
      for (const label of ["one", "two", "three"]) handles.unshift((await app.signIn("alice", label)).session.handle);
      await app.signIn(42);
      await app.signIn("42");

      const own = await app.sessions.getSessionsForUser("alice", { limit: 10 });
      const expected = own.sessions.map((session) => ({
        handle: session.handle,
        userId: session.userId,
        createdAt: session.createdAt,
        lastSeenAt: session.lastSeenAt,
        expiresAt: session.expiresAt,
        authTime: session.authTime,
        device: { ip: "203.0.113.0/24", userAgent: null, location: null, label: session.device.label },
        knownDevice: null,
        actor: null,
      }));
      // Sessions of one ms are in the order of their handles.
      expect(expected.map(({ handle }) => handle).toSorted()).toEqual(handles.toSorted());
      const whole = await app.json(["sessions", "list", "--user", "alice"]);
      expect(whole).toEqual({ status: 0, value: { sessions: expected, next: null } });

      const first = await app.json(["sessions", "list", "--user", "alice", "--limit", "2"]);
      const { next } = first.value as { readonly next: string };
      expect(first).toEqual({ status: 0, value: { sessions: expected.slice(0, 2), next: expect.any(String) } });
      const second = await app.json(["sessions", "list", "--user", "alice", "--limit", "2", "--after", next]);
      expect(second).toEqual({ status: 0, value: { sessions: expected.slice(2), next: null } });

      const text = await app.run(["sessions", "list", "--user", "alice", "--limit", "2"]);
      expect(text).toMatchObject({ status: 0, stderr: "" });
      const lines = text.stdout.split("\n");
      expect(lines[0]).toMatch(/^HANDLE +CREATED +LAST SEEN +EXPIRES +DEVICE$/);
      expect(lines[1]).toContain(expected[0]?.handle);
      expect(lines[1]).toMatch(/ \w+, 203\.0\.113\.0\/24$/);
      expect(lines.slice(3)).toEqual([`next page: --after ${next}`, ""]);
    });

    test("sessions list: the number and the string are two users", async () => {
      const app = await start();
      const number = await app.signIn(42);
      const string = await app.signIn("42");
      const byNumber = await app.json(["sessions", "list", "--user", "42", "--number"]);
      expect(byNumber.value).toMatchObject({ sessions: [{ handle: number.session.handle, userId: 42 }] });
      const byString = await app.json(["sessions", "list", "--user", "42"]);
      expect(byString.value).toMatchObject({ sessions: [{ handle: string.session.handle, userId: "42" }] });
      const nobody = await app.run(["sessions", "list", "--user", "43"]);
      expect(nobody).toEqual({
        status: 0,
        stdout: "no live session; if the app's ids are numbers, add --number\n",
        stderr: "",
      });
    });

    test("sessions list: who acts for the user", async () => {
      const app = await start();
      const { handle } = (await app.signIn("support")).session;
      const actor = { userId: "support", handle };
      const acted = await app.sessions.createNewSession("alice", {}, {}, { actor });
      expect(await app.json(["sessions", "list", "--user", "alice"])).toMatchObject({
        value: { sessions: [{ handle: acted.session.handle, actor }] },
      });
      const { stdout } = await app.run(["sessions", "list", "--user", "alice"]);
      expect(stdout).toMatch(/^HANDLE .* ACTOR +DEVICE\n.* support\n$/);
    });

    test("sessions revoke: one, those of a user, all but one", async () => {
      const app = await start();
      const [first, second, third] = [await app.signIn("alice"), await app.signIn("alice"), await app.signIn("alice")];
      const other = await app.signIn("bob");
      const { handle } = first.session;
      const live = async (): Promise<readonly string[]> =>
        (await app.sessions.getAllSessionHandlesForUser("alice")).toSorted();

      expect(await app.run(["sessions", "revoke", "--handle", handle])).toEqual({
        status: 0,
        stdout: "revoked 1 session\n",
        stderr: "",
      });
      expect(await live()).toEqual([second.session.handle, third.session.handle].toSorted());
      expect(await app.json(["sessions", "revoke", "--handle", handle])).toEqual({
        status: 3,
        value: { error: { code: "NOTHING_FOUND", message: expect.stringContaining("no session with this handle") } },
      });

      for (const slip of ["x", first.session.handle, other.session.handle]) {
        expect(await app.json(["sessions", "revoke", "--user", "alice", "--except", slip])).toEqual({
          status: 3,
          value: { error: { code: "NOTHING_FOUND", message: expect.stringContaining("nothing was revoked") } },
        });
        expect(await live()).toHaveLength(2);
      }
      const spared = ["sessions", "revoke", "--user", "alice", "--except", third.session.handle];
      expect(await app.json(spared)).toEqual({ status: 0, value: { revoked: 1 } });
      expect(await live()).toEqual([third.session.handle]);
      expect(await app.run(spared)).toMatchObject({ status: 3, stdout: "" });
      expect(await app.json(["sessions", "revoke", "--user", "alice"])).toEqual({ status: 0, value: { revoked: 1 } });
      expect(await live()).toEqual([]);
      expect(await app.sessions.getAllSessionHandlesForUser("bob")).toEqual([other.session.handle]);
      await expect(app.sessions.refreshSession(third.refreshToken.value)).rejects.toMatchObject({
        code: "SESSION_NOT_FOUND",
      });
    });

    test("sessions revoke --all: with the secret and --yes only", async () => {
      const app = await start();
      const { refreshToken } = await app.signIn("alice");
      await app.signIn("bob");
      const all = ["sessions", "revoke", "--all"];
      const env = { COUNTERFOIL_SECRET: SECRET };
      const before = await app.json(["keys", "list"]);

      const unsure = await app.run(all, env);
      expect(unsure).toMatchObject({ status: 2, stdout: "" });
      expect(unsure.stderr).toContain("add --yes");
      expect(await app.json([...all, "--yes"])).toMatchObject({ status: 2 });
      expect(await app.json([...all, "--yes"], { COUNTERFOIL_SECRET: NEW_SECRET })).toEqual({
        status: 2,
        value: { error: { code: "SECRET_MISMATCH", message: expect.stringContaining("COUNTERFOIL_SECRET") } },
      });
      // Nothing of that has changed anything.
      expect(await app.json(["keys", "list"])).toEqual(before);
      expect(await app.sessions.getAllSessionHandlesForUser("alice")).toHaveLength(1);

      expect(await app.json([...all, "--yes"], env)).toEqual({ status: 0, value: { revoked: 2 } });
      expect(await app.sessions.getAllSessionHandlesForUser("alice")).toEqual([]);
      const after = await app.json(["keys", "list"]);
      expect(after.value).toMatchObject({ keys: [{ state: "active" }] });
      expect(after).not.toEqual(before);
      await expect(app.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ errType: 2000 });
    });

    test("keys list and rotate: the app uses the key that the command has published", async () => {
      const app = await start();
      const [key, ...others] = await keysOf(app);
      expect(others).toEqual([]);
      expect(key).toEqual({
        kid: expect.stringMatching(/^[\w-]{11}$/),
        algorithm: "HS256",
        state: "active",
        createdAt: expect.any(Number),
        signsFrom: expect.any(Number),
        signsUntil: null,
      });

      const file = join(folder, randomBytes(6).toString("hex"));
      writeFileSync(file, `${SECRET}\n`, { mode: 0o600 });
      const rotate = ["keys", "rotate", "--secret-file", file, "--publish-ahead", "1h"];
      const { status, value } = await app.json(rotate);
      expect(status).toBe(0);
      const { kid, signsFrom } = value as { readonly kid: string; readonly signsFrom: number };
      expect(signsFrom - Date.now()).toBeGreaterThan(3_500_000);
      expect(await keysOf(app)).toMatchObject([
        { kid: key?.["kid"], state: "active", signsUntil: signsFrom },
        { kid, state: "pending", signsFrom, signsUntil: null },
      ]);
      // Once more, and by the app: the key that is pending.
      expect(await app.json(rotate)).toEqual({ status: 0, value: { kid, signsFrom } });
      expect(await app.sessions.rotateSigningKey()).toEqual({ kid, activatesAt: signsFrom });

      const text = await app.run(["keys", "list"]);
      expect(text).toMatchObject({ status: 0, stderr: "" });
      expect(text.stdout.split("\n")[0]).toMatch(/^KID +ALGORITHM +STATE +AGE +SIGNS FROM +SIGNS UNTIL$/);
      expect(text.stdout).toContain(kid);
    });

    test("secret rotate: the keys open with the new secret alone, and sessions go on", async () => {
      const app = await start();
      const { refreshToken } = await app.signIn("alice");
      await app.sessions.rotateSigningKey();
      await app.sessions.close();
      const env = { COUNTERFOIL_SECRET: SECRET, COUNTERFOIL_NEW_SECRET: NEW_SECRET };

      const wrong = { COUNTERFOIL_SECRET: `not ${SECRET}`, COUNTERFOIL_NEW_SECRET: NEW_SECRET };
      expect(await app.json(["secret", "rotate"], wrong)).toMatchObject({
        status: 2,
        value: { error: { code: "SECRET_MISMATCH" } },
      });
      const first = await app.run(["secret", "rotate"], env);
      expect(first).toMatchObject({ status: 0, stderr: "" });
      expect(first.stdout).toMatch(/^encrypted 2 keys with the new secret\nNext: deploy secret: \[new, old\]/);
      expect(await app.json(["secret", "rotate"], env)).toEqual({ status: 0, value: { rewrapped: 0, total: 2 } });

      await expect(startApp(app.address, SECRET)).rejects.toMatchObject({ code: "SECRET_MISMATCH" });
      const later = await startApp(app.address, NEW_SECRET);
      expect(await later.sessions.refreshSession(refreshToken.value)).toMatchObject({ session: { userId: "alice" } });
    });

    test("a store without keys is told from one that an app uses", async () => {
      const address = (await database.makeEmpty())(0);
      const store = await openStore(address);
      await store.prepare();
      await store.close();
      const env = { COUNTERFOIL_SECRET: SECRET, COUNTERFOIL_NEW_SECRET: NEW_SECRET };
      const where = storeArguments(address);
      for (const args of [
        ["keys", "rotate"],
        ["secret", "rotate"],
        ["sessions", "revoke", "--all", "--yes"],
      ]) {
        const outcome = await counterfoil([...args, ...where], env);
        expect(outcome).toMatchObject({ status: 3, stdout: "" });
        expect(outcome.stderr).toContain("the store has no keys");
      }
      const list = await counterfoil(["keys", "list", ...where, "--json"]);
      expect(list).toEqual({ status: 0, stdout: '{"keys":[]}\n', stderr: "" });
    });
  });
}

async function keysOf(app: App): Promise<readonly Record<string, unknown>[]> {
  const { status, value } = await app.json(["keys", "list"]);
  expect(status).toBe(0);
  return (value as { readonly keys: readonly Record<string, unknown>[] }).keys;
}

describe("SQLite with the secret file beside it", () => {
  test("keys rotate reads that file; secret rotate says what becomes of it", async () => {
    const path = join(folder, "own.db");
    const { sqlite } = await import("counterfoil/sqlite");
    const sessions = createSessions({ store: sqlite({ path }) });
    await sessions.ready();
    await sessions.close();
    const rotated = await counterfoil(["keys", "rotate", "--store", path]);
    expect(rotated).toMatchObject({ status: 0, stderr: "" });
    const fresh = join(folder, "fresh.secret");
    expect(await counterfoil(["secret", "generate", "--to", fresh])).toMatchObject({ status: 0, stderr: "" });
    const changed = await counterfoil(["secret", "rotate", "--store", path, "--new-secret-file", fresh]);
    expect(changed).toMatchObject({ status: 0, stderr: "" });
    expect(changed.stdout).toContain("encrypted 2 keys");
    expect(changed.stdout).toContain("put the new secret into that file");
  });

  test("an app with other timeouts and another algorithm: the command follows what is stored", async () => {
    const path = join(folder, "other.db");
    const { sqlite } = await import("counterfoil/sqlite");
    const sessions = createSessions({
      store: sqlite({ path }),
      secret: SECRET,
      tokens: { accessToken: { signing: "EdDSA" } },
      session: { idleTimeout: "400d", absoluteTimeout: "3650d" },
    });
    onTestFinished(() => sessions.close());
    await sessions.createNewSession("alice");
    const [session] = await sessions.getSessionsForUser("alice");
    expect((session?.expiresAt ?? 0) - Date.now()).toBeGreaterThan(399 * DAY);
    const env = { COUNTERFOIL_STORE: path, COUNTERFOIL_SECRET: SECRET };
    const run = async (...args: readonly string[]): Promise<unknown> => {
      const { stdout, ...rest } = await counterfoil([...args, "--json"], env);
      expect(rest).toEqual({ status: 0, stderr: "" });
      return JSON.parse(stdout);
    };
    expect(await run("sessions", "list", "--user", "alice")).toMatchObject({
      sessions: [{ handle: session?.handle, expiresAt: session?.expiresAt }],
    });
    const algorithm = "EdDSA";
    await run("keys", "rotate");
    expect(await run("keys", "list")).toMatchObject({ keys: [{ algorithm }, { algorithm, state: "pending" }] });
    expect(await run("sessions", "revoke", "--all", "--yes")).toEqual({ revoked: 1 });
    expect(await run("keys", "list")).toMatchObject({ keys: [{ algorithm, state: "active" }] });
  });

  test("what a device is called cannot write to the terminal", async () => {
    const app = await startApp({ by: "sqlite", path: join(folder, "label.db") });
    await app.signIn("alice", "evil\u001b]0;title\u0007\u202e\u009b2J");
    const args = ["sessions", "list", "--user", "alice"];
    const { stdout } = await app.run(args);
    expect(stdout).toContain("evil\\u001b]0;title\\u0007\\u202e\\u009b2J");
    const escaped = await app.run([...args, "--json"]);
    // eslint-disable-next-line no-control-regex
    expect(`${stdout}${escaped.stdout}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(JSON.parse(escaped.stdout)).toMatchObject({
      sessions: [{ device: { label: "evil\u001b]0;title\u0007\u202e\u009b2J" } }],
    });
  });
});

/** The command where one driver is installed, and no other. */
const commandWith = (driver: string): string =>
  join(dirname(makeApp("", [driver])), "node_modules/counterfoil/dist/cli.js");

/** Each command that opens a store. */
async function tryAll(store: string, address: StoreAddress, command?: string): Promise<void> {
  const prefix = "prefix" in address ? ["--prefix", address.prefix] : [];
  const sessions = createSessions({ store: await openStore(address), secret: SECRET });
  onTestFinished(() => sessions.close());
  const { session } = await sessions.createNewSession("alice");
  const run = async (...args: readonly string[]): Promise<unknown> => {
    const env = { COUNTERFOIL_STORE: store, COUNTERFOIL_SECRET: SECRET, COUNTERFOIL_NEW_SECRET: NEW_SECRET };
    const { stdout, ...rest } = await counterfoil([...args, ...prefix, "--json"], env, command);
    expect(rest).toEqual({ status: expect.any(Number), stderr: "" });
    return JSON.parse(stdout);
  };
  const { handle } = session;
  expect(await run("sessions", "list", "--user", "alice")).toMatchObject({ sessions: [{ handle }], next: null });
  expect(await run("sessions", "revoke", "--handle", handle)).toEqual({ revoked: 1 });
  expect(await run("sessions", "revoke", "--user", "alice")).toMatchObject({ error: { code: "NOTHING_FOUND" } });
  expect(await run("keys", "rotate")).toMatchObject({ kid: expect.any(String) });
  expect(await run("keys", "list")).toMatchObject({ keys: [{ state: "active" }, { state: "pending" }] });
  expect(await run("sweep")).toEqual({ removed: 0 });
  await sessions.createNewSession("alice");
  expect(await run("sessions", "revoke", "--all", "--yes")).toEqual({ revoked: 1 });
  expect(await run("secret", "rotate")).toEqual({ rewrapped: 1, total: 1 });
  // Refused with a connection open, which must not keep the process.
  const same = { COUNTERFOIL_SECRET: NEW_SECRET, COUNTERFOIL_NEW_SECRET: NEW_SECRET, COUNTERFOIL_STORE: store };
  expect(await counterfoil(["secret", "rotate", ...prefix], same, command)).toMatchObject({ status: 2 });
  const none = await counterfoil(["keys", "rotate"], { COUNTERFOIL_STORE: store }, command);
  expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining("set COUNTERFOIL_SECRET") });
}

/** The drivers that the command does not choose where all are installed; of Galera one node. */
const OTHERS: Readonly<Record<string, string>> = {
  "MariaDB, mariadb": "mariadb",
  "PostgreSQL, postgres.js": "postgres",
  "Redis, ioredis": "ioredis",
  "Galera, mysql2": "mysql2",
};

for (const database of databases.filter(({ name }) => Object.hasOwn(OTHERS, name))) {
  const driver = OTHERS[database.name] ?? "";
  describeDatabase(database, () => {
    test(`every command, where ${driver} alone is installed`, async () => {
      const address = (await database.makeEmpty())(0);
      const [, store = ""] = storeArguments(address);
      await tryAll(store, address, commandWith(driver));
    });
  });
}

describeWithServer("redis", "a Redis of several servers", () => {
  test("a cluster by some of its nodes, with ioredis", async () => {
    const urls = await sharedRedisCluster();
    const address = { by: "ioredis cluster", urls, prefix: `test${randomBytes(6).toString("hex")}:` } as const;
    const [, store = ""] = storeArguments({ ...address, urls: urls.slice(0, 2) });
    await tryAll(store, address, commandWith("ioredis"));
  });

  test.each(["node-redis", "ioredis"] as const)("a master by its sentinels, with %s", async (driver) => {
    const servers = await startRedisSentinel();
    onTestFinished(() => servers.remove());
    const { host, port } = await servers.master();
    const places = servers.sentinels.map((sentinel) => `${sentinel.host}:${sentinel.port}`);
    const store = `redis+sentinel://${places.join(",")}/${servers.name}`;
    const address = { by: "ioredis", url: `redis://${host}:${port}`, prefix: "app:" } as const;
    await tryAll(store, address, driver === "ioredis" ? commandWith("ioredis") : undefined);
  });

  test.each([
    "redis+cluster://app:geheim@127.0.0.1:1,127.0.0.1:2",
    "redis+sentinel://app:geheim@127.0.0.1:1/name",
    "rediss+cluster://:geheim@127.0.0.1:1",
  ])("of which none answers: 1, without the password: %s", async (store) => {
    for (const command of [undefined, commandWith("ioredis")]) {
      const { status, stdout, stderr } = await counterfoil(["keys", "list", "--store", store], {}, command);
      expect([status, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^counterfoil: STORE_UNAVAILABLE: the database cannot be reached/);
      expect(stderr).not.toContain("geheim");
    }
  });

  test.each([
    "redis+cluster://:geheim@127.0.0.1:1/0",
    "redis+sentinel://:geheim@127.0.0.1:1",
    "redis+cluster://:geheim%@127.0.0.1:1",
    "redis+cluster://:geheim@",
    "redis+cluster://:geheim@one,,two",
    "redis+cluster://:geheim@one:two",
    "redis+ring://:geheim@one",
  ])("whose address is wrong: 2, with how it is written: %s", async (store) => {
    const { status, stdout, stderr } = await counterfoil(["keys", "list", "--store", store]);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("write redis+cluster://user:password@host:port,host:port or redis+sentinel://");
    expect(stderr).not.toContain("geheim");
  });

  test("a node of a cluster by its own address: 1, with what is wrong", async () => {
    const [store = ""] = await sharedRedisCluster();
    const { status, stderr } = await counterfoil(["sessions", "list", "--user", "alice", "--store", store]);
    expect(status).toBe(1);
    expect(stderr).toContain("the server is a node of a cluster");
  });
});

describeWithServer("postgres", "an address with a password", () => {
  test("is not repeated, whatever is wrong with it", async () => {
    const server = await sharedPostgres();
    const url = new URL(server.url(await server.createDatabase()));
    url.password = "geheim";
    const outcomes = [];
    for (const store of [
      url.href,
      url.href.replace("postgres:", "oracle:"),
      // These characters end the part of the address, so that the rest is taken for something else.
      "postgres://127.0.0.1:1#geheim@127.0.0.1/app",
      "postgres://127.0.0.1:1/geheim@127.0.0.1/app",
      "postgres://app:geheim/2@127.0.0.1/app",
      "postgres://app:gehe%2@127.0.0.1/geheim",
      "mysql://app:geheim@127.0.0.1:1/app?ssl=geheim",
      "rediss://:geheim@127.0.0.1:1/x",
    ]) {
      for (const more of [[], ["--json"]])
        outcomes.push(await counterfoil(["keys", "list", "--store", store, ...more]));
    }
    for (const { status, stdout, stderr } of outcomes) {
      expect([1, 2]).toContain(status);
      expect(`${stdout}${stderr}`).not.toContain("geheim");
    }
  });

  test("a password that the server refuses: 1, with the server's reason", async () => {
    const server = await sharedPostgres();
    const url = new URL(server.url(await server.createDatabase()));
    url.username = "geheim";
    url.password = "geheim";
    const { status, stderr } = await counterfoil(["keys", "list", "--store", url.href]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^counterfoil: STORE_UNAVAILABLE: .*\*\*\*/);
    expect(stderr).not.toContain("geheim");
  });
});
