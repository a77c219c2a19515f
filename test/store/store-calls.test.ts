import { randomBytes } from "node:crypto";
import { createSessions, type CreatedSession, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { T0 } from "../../src/lib/testing/store/rows.ts";
import { outcomeOf, SECRET } from "./fixtures.ts";
import { switchable, type SwitchableStore } from "./switchable-store.ts";

let connection: SwitchableStore;
let now: number;
let sessions: Sessions;
let created: CreatedSession;

beforeEach(async () => {
  connection = switchable(memory());
  now = T0;
  sessions = createSessions({ store: connection.store, secret: SECRET, clock: () => now });
  // The keys are loaded and the first upkeep is done.
  created = await sessions.createNewSession("alice", { role: "admin" }, { n: 1 });
  await new Promise(setImmediate);
  connection.takeCalls();
});

describe("store calls of each operation", () => {
  const OPERATIONS: readonly [string, () => Promise<unknown>, readonly string[]][] = [
    ["create", () => sessions.createNewSession("bob"), ["createSession"]],
    ["refresh", () => sessions.refreshSession(created.refreshToken.value), ["findSession", "commitRefresh"]],
    ["verify", () => sessions.getSession(created.accessToken.value, created.antiCsrfToken), []],
    ["revoke", () => sessions.revokeSessionUsingSessionHandle(created.session.handle), ["deleteSession"]],
    ["revoke all of a user", () => sessions.revokeAllSessionsForUser("alice"), ["deleteSessionsOfUser"]],
    ["list", () => sessions.getSessionsForUser("alice"), ["listSessionsOfUser"]],
    ["read data", () => sessions.getSessionData(created.session.handle), ["findSession"]],
    ["write data", () => sessions.updateSessionData(created.session.handle, 2), ["findSession", "replaceData"]],
    ["reauthenticate", () => sessions.reauthenticate(created.session.handle), ["findSession", "replaceSignIn"]],
    ["rename", () => sessions.renameSession(created.session.handle, "Phone"), ["findSession", "replaceLabel"]],
    ["write claims", () => sessions.updateJwtPayload(created.session.handle, 2), ["findSession", "replaceClaims"]],
    ["publish the keys", () => sessions.getJwks(), []],
  ];

  test.each(OPERATIONS)("%s", async (_, operation, calls) => {
    await operation();
    expect(connection.takeCalls()).toEqual(calls);
  });

  test("verifying costs none, however often; once a minute it has the keys looked up", async () => {
    const uncached = createSessions({
      store: connection.store,
      secret: SECRET,
      clock: () => now,
      tokens: { accessToken: { cacheSize: 0 } },
    });
    await uncached.ready();
    connection.takeCalls();
    for (const instance of [sessions, uncached]) {
      for (now = T0; now < T0 + 900_000; now += 10_000) await instance.getSession(created.accessToken.value);
    }
    // Two instances for fifteen minutes each; the second begins as late as the first ended, and
    // looks at once.
    const calls = connection.takeCalls();
    expect(new Set(calls)).toEqual(new Set(["listKeys"]));
    expect(calls.length).toBeLessThanOrEqual(2 * 15);
  });

  test("at a limit of sessions it is still one, and reuse costs one more", async () => {
    const limited = createSessions({
      store: connection.store,
      secret: SECRET,
      clock: () => now,
      session: { maxPerUser: 1 },
    });
    await limited.createNewSession("bob");
    connection.takeCalls();
    const { refreshToken } = await limited.createNewSession("bob");
    expect(connection.takeCalls()).toEqual(["createSession"]);
    const { newRefreshToken } = await limited.refreshSession(refreshToken.value);
    now += 30_000;
    await limited.refreshSession(newRefreshToken.value);
    now += 10_001;
    connection.takeCalls();
    expect(await outcomeOf(limited.refreshSession(refreshToken.value))).toMatch(/^TOKEN_THEFT_DETECTED/);
    expect(connection.takeCalls()).toEqual(["findSession", "deleteSessionAtVersion"]);
  });

  test("upkeep adds one reload of the keys and one sweep a minute", async () => {
    const calls: string[][] = [];
    for (const passed of [59_999, 1, 1, 59_998, 1]) {
      now += passed;
      await sessions.createNewSession("bob");
      // Nobody waits for the sweep; by the next turn of the event loop it is done.
      await new Promise(setImmediate);
      calls.push(connection.takeAllCalls());
    }
    const upkeep = ["createSession", "listKeys", "takeLease", "deleteExpiredSessions"];
    expect(calls).toEqual([["createSession"], upkeep, ["createSession"], ["createSession"], upkeep]);
  });
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const random = (length: number): string => randomBytes(length).toString("base64url").slice(0, length);
const at = (index: number, text: string): number => index % text.length;

/** `text` with one character changed. */
const flip = (text: string, index: number): string => {
  const position = at(index, text);
  return text.slice(0, position) + (text[position] === "A" ? "B" : "A") + text.slice(position + 1);
};

/** Tokens that nobody made, by kind: the index-th of each. None names a key that is unknown. */
const GARBAGE: readonly [string, (index: number, token: string) => string][] = [
  ["of random text", (index) => random(index)],
  ["of random bytes", (index) => randomBytes(index).toString("latin1")],
  ["that is much too long", (index, token) => token + random(100_000 + index)],
  ["of the right length", (_, token) => token.slice(0, 16) + random(token.length - 16)],
  ["cut short", (index, token) => token.slice(0, at(index, token))],
  ["cut at the front", (index, token) => token.slice(1 + at(index, token))],
  ["with one more character", (index, token) => token + String.fromCharCode(index)],
  ["with blanks or padding", (index, token) => [" ", "\n", "=", "\0"][index % 4] + token],
  ["in another alphabet", (index, token) => token.replaceAll(/[-_]/g, "+").concat(index % 2 === 0 ? "+" : "/")],
  ["signed by nobody", (index) => `${encode({ alg: "none", typ: "at+jwt", n: index })}.${encode({ sub: "alice" })}.`],
  ["with a foreign header", (index) => `${encode({ alg: "HS256", kid: index, jku: "https://evil.test" })}.e30.AAAA`],
  ["that is deep JSON", (index) => `${Buffer.from("[".repeat(index)).toString("base64url")}.e30.AAAA`],
];

describe("1,000 tokens that nobody made cost no store call", () => {
  test.each(GARBAGE)("%s", async (_, make) => {
    const { accessToken, refreshToken } = created;
    for (let index = 0; index < 1_000; index += 1) {
      now += 11;
      // A mistake of the generator, if it makes a token that somebody made, shows as "ok".
      const kinds = [
        await outcomeOf(sessions.getSession(make(index, accessToken.value))),
        await outcomeOf(sessions.refreshSession(make(index, refreshToken.value))),
      ];
      expect(kinds).toEqual(["TRY_REFRESH_TOKEN/ACCESS_TOKEN_INVALID", "UNAUTHORISED/REFRESH_TOKEN_INVALID"]);
    }
    expect(connection.takeCalls()).toEqual([]);
  });

  test("real ones with a character changed, past their key's name", async () => {
    const { accessToken, refreshToken } = created;
    const header = accessToken.value.indexOf(".") + 1;
    for (let index = 0; index < 1_000; index += 1) {
      const access = accessToken.value.slice(0, header) + flip(accessToken.value.slice(header), index);
      const refresh = refreshToken.value.slice(0, 16) + flip(refreshToken.value.slice(16), index);
      expect(await outcomeOf(sessions.getSession(access))).toBe("TRY_REFRESH_TOKEN/ACCESS_TOKEN_INVALID");
      expect(await outcomeOf(sessions.refreshSession(refresh))).toBe("UNAUTHORISED/REFRESH_TOKEN_INVALID");
    }
    expect(connection.takeCalls()).toEqual([]);
  });

  test("one in the other's place, and what is no text at all", async () => {
    const { accessToken, refreshToken } = created;
    for (const value of [undefined, null, 1, {}, [], ["a"], Symbol("token"), () => accessToken.value] as string[]) {
      expect(await outcomeOf(sessions.getSession(value))).toBe("TRY_REFRESH_TOKEN/ACCESS_TOKEN_MISSING");
      expect(await outcomeOf(sessions.refreshSession(value))).toBe("UNAUTHORISED/REFRESH_TOKEN_MISSING");
    }
    expect(await outcomeOf(sessions.getSession(refreshToken.value))).toBe("TRY_REFRESH_TOKEN/ACCESS_TOKEN_INVALID");
    expect(await outcomeOf(sessions.refreshSession(accessToken.value))).toBe("UNAUTHORISED/REFRESH_TOKEN_INVALID");
    expect(connection.takeCalls()).toEqual([]);
  });
});

test("1,000 tokens that name an unknown key, over 100 s, cost one reload of the keys a second", async () => {
  const reloads: number[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    now = T0 + index * 100;
    const kid = random(11);
    const access = `${encode({ alg: "HS256", kid, typ: "at+jwt" })}.e30.AAAA`;
    const calls =
      index % 2 === 0
        ? sessions.getSession(access)
        : sessions.refreshSession(`cfr1.${randomBytes(111).toString("base64url")}`);
    await outcomeOf(calls);
    for (const call of connection.takeCalls()) {
      expect(call).toBe("listKeys");
      reloads.push(now - T0);
    }
  }
  expect(reloads.length).toBe(100);
  for (const [index, time] of reloads.entries())
    if (index > 0) expect(time - (reloads[index - 1] ?? 0)).toBeGreaterThanOrEqual(1000);
});
