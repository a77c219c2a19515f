/** What the audit table says of what happens to sessions, and what it never says. */
import { expect, test } from "vitest";
import { START } from "../../../test/fixtures/constants.ts";
import { refused, World } from "../../../test/fixtures/session-world.ts";
import { ERROR_TYPES } from "../errors.ts";
import type { AuditEntry } from "./read-audit.ts";
import type { Sessions } from "./sessions.ts";

const AUDIT = { audit: { retention: "90d" } } as const;
const DEVICE = { ip: "203.0.113.7", userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0" };
const STORED = { ip: "203.0.113.0/24", userAgent: "Firefox on Linux" };

async function entriesOf(
  sessions: Pick<Sessions, "getAudit" | "getAuditForUser">,
  userId?: string,
): Promise<readonly AuditEntry[]> {
  const page = { limit: 1000 };
  const { entries, next } = await (userId === undefined
    ? sessions.getAudit(page)
    : sessions.getAuditForUser(userId, page));
  expect(next).toBeUndefined();
  // Many are of one moment.
  return entries.toSorted((a, b) => (a.event < b.event ? -1 : 1));
}

const told = ({ event, handle, userId, actorId, facts }: AuditEntry): object => ({
  event,
  ...(handle === undefined ? {} : { handle }),
  ...(userId === undefined ? {} : { userId }),
  ...(actorId === undefined ? {} : { actorId }),
  facts,
});

test("without the option there are no rows", async () => {
  const { sessions } = new World();
  const { session } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  await sessions.updateJwtPayload(session.handle, { role: "admin" });
  await sessions.renameSession(session.handle, "Phone");
  await sessions.revokeAllSessionsForUser("alice");
  await sessions.revokeAllSessions();
  expect(await entriesOf(sessions)).toEqual([]);
});

test("a sign-in, changed claims, a new label and an ending have a row each", async () => {
  const { sessions } = new World(AUDIT);
  const options = { device: DEVICE, amr: ["pwd", "otp"] };
  const { session } = await sessions.createNewSession("alice", { role: "member" }, { count: 7 }, options);
  const { handle } = session;
  const about = { handle, userId: "alice" };
  await sessions.updateJwtPayload(handle, { role: "secret-role" });
  await sessions.updateJwtPayload(handle, { role: "secret-role" });
  await sessions.updateSessionData(handle, { count: 8 });
  await sessions.renameSession(handle, "Phone");
  await sessions.reauthenticate(handle, { amr: ["pwd", "mfa"], authTime: START });
  expect(await sessions.revokeSessionUsingSessionHandle(handle)).toBe(true);
  expect(await sessions.revokeSessionUsingSessionHandle(handle)).toBe(false);
  const entries = await entriesOf(sessions, "alice");
  expect(entries.map(told)).toEqual([
    { event: "claims-changed", ...about, facts: { changed: ["role"] } },
    { event: "session-created", ...about, facts: { device: STORED, amr: ["pwd", "otp"] } },
    {
      event: "session-reauthenticated",
      ...about,
      facts: { authTime: START, amr: ["pwd", "mfa"], previousAmr: ["pwd", "otp"] },
    },
    { event: "session-renamed", ...about, facts: { label: "Phone" } },
    { event: "session-revoked", ...about, facts: { reason: "revoked" } },
  ]);
  expect(JSON.stringify(entries)).not.toMatch(/secret-role|count/);
  for (const { loggedAt } of entries) expect(Math.abs(loggedAt - Date.now())).toBeLessThan(60_000);
});

test("each of a user's sessions has a row, and so has the one that a limit ends", async () => {
  const world = new World({ ...AUDIT, session: { maxPerUser: 2 } });
  const { sessions } = world;
  const handles: string[] = [];
  for (let count = 0; count < 3; count += 1) {
    world.now += 1000;
    handles.push((await world.signIn()).session.handle);
  }
  await sessions.revokeAllSessionsForUser("alice");
  const ended = (await entriesOf(sessions)).filter(({ event }) => event === "session-revoked");
  expect(new Map(ended.map(({ handle, facts }) => [handle, facts["reason"]]))).toEqual(
    new Map([
      [handles[0], "limit"],
      [handles[1], "revoked"],
      [handles[2], "revoked"],
    ]),
  );
  expect(ended).toHaveLength(3);
});

test("a reuse is the row of its ending, with both sides", async () => {
  const world = new World(AUDIT);
  const { session, refreshToken } = await world.signIn();
  let token = refreshToken.value;
  for (let count = 0; count < 12; count += 1) {
    world.now += 20_000;
    token = (await world.sessions.refreshSession(token)).newRefreshToken.value;
  }
  const reuse = world.sessions.refreshSession(refreshToken.value, { device: DEVICE });
  await expect(reuse).rejects.toMatchObject({ code: "TOKEN_THEFT_DETECTED" });
  const ended = (await entriesOf(world.sessions)).filter(({ event }) => event !== "session-created");
  expect(ended.map(told)).toEqual([
    {
      event: "session-revoked",
      handle: session.handle,
      userId: "alice",
      facts: expect.objectContaining({
        reason: "reuse",
        presented: "superseded",
        presentedGeneration: 1,
        lastDevice: {},
        presentingDevice: STORED,
      }),
    },
  ]);
  expect(JSON.stringify(ended)).not.toContain(refreshToken.value.slice(-20));
});

test("a reuse that is only reported has a row of its own", async () => {
  const world = new World({ ...AUDIT, rotation: { onReuse: "report" } });
  const { session, refreshToken } = await world.signIn();
  let token = refreshToken.value;
  for (let count = 0; count < 12; count += 1) {
    world.now += 20_000;
    token = (await world.sessions.refreshSession(token)).newRefreshToken.value;
  }
  await world.sessions.refreshSession(refreshToken.value);
  await world.sessions.refreshSession(refreshToken.value);
  const { handle } = session;
  const reused = (await entriesOf(world.sessions, "alice")).filter(({ event }) => event === "reuse-detected");
  expect(reused).toEqual([
    expect.objectContaining({ handle, facts: expect.objectContaining({ presentedGeneration: 1 }) }),
  ]);
});

test("an actor is named, and a session that ends with the actor's says so", async () => {
  const { sessions } = new World(AUDIT);
  const { session: own } = await sessions.createNewSession("support", { role: "staff" }, { count: 0 });
  const actor = { userId: "support", handle: own.handle };
  const acted = await sessions.createNewSession("alice", { role: "member" }, { count: 0 }, { actor });
  await sessions.revokeSessionUsingSessionHandle(own.handle);
  await expect(sessions.refreshSession(acted.refreshToken.value)).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
  const about = { handle: acted.session.handle, userId: "alice", actorId: "support" };
  expect((await entriesOf(sessions, "alice")).map(told)).toEqual([
    { event: "session-created", ...about, facts: { device: {}, actor } },
    { event: "session-revoked", ...about, facts: { reason: "actor-ended", actor } },
  ]);
});

test("expired sessions have no row, and all sessions together have one", async () => {
  const world = new World({ ...AUDIT, session: { idleTimeout: "1h" } });
  const { refreshToken } = await world.signIn();
  await world.signIn("bob");
  world.now += 3_600_001;
  await expect(world.sessions.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: "SESSION_EXPIRED" });
  await world.sessions.sweep();
  await world.signIn();
  await world.sessions.revokeAllSessions();
  const ended = (await entriesOf(world.sessions)).filter(({ event }) => event !== "session-created");
  expect(ended.map(told)).toEqual([{ event: "all-sessions-revoked", facts: {} }]);
});

test("many claims with long names are cut", async () => {
  const { sessions } = new World(AUDIT);
  const { session } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const claims = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}`.padEnd(20, "x"), 1]));
  const long = "y".repeat(100);
  await sessions.updateJwtPayload(session.handle, { role: "member", ...claims, [long]: 1 } as never);
  const [row] = (await entriesOf(sessions)).filter(({ event }) => event === "claims-changed");
  expect(row?.facts).toMatchObject({ more: 11 });
  expect(row?.facts["changed"]).toHaveLength(50);
  await sessions.updateJwtPayload(session.handle, { role: "member", ...claims } as never);
  const changes = (await entriesOf(sessions)).filter(({ event }) => event === "claims-changed");
  expect(changes.map(({ facts }) => facts)).toContainEqual({ changed: ["y".repeat(64)] });
});

test("pages lead to each row once, within a range of time", async () => {
  const { sessions } = new World(AUDIT);
  for (let count = 0; count < 10; count += 1) await sessions.createNewSession("alice", { role: "member" }, { count });
  await sessions.createNewSession("bob", { role: "member" }, { count: 0 });
  await sessions.revokeAllSessionsForUser("alice");
  for (const [read, total] of [
    [(after: string | undefined) => sessions.getAuditForUser("alice", { limit: 3, after }), 20],
    [(after: string | undefined) => sessions.getAudit({ limit: 3, after, from: 0 }), 21],
  ] as const) {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const { entries, next } = await read(after);
      expect(entries.length).toBeLessThanOrEqual(3);
      seen.push(...entries.map(({ id }) => id));
      after = next;
    } while (after !== undefined);
    expect(new Set(seen).size).toBe(total);
    expect(seen).toHaveLength(total);
  }
  const now = Date.now();
  for (const range of [{ until: now - 60_000 }, { from: now + 60_000 }])
    expect((await sessions.getAudit({ limit: 10, ...range })).entries).toEqual([]);
  const range = { from: now - 60_000, until: now + 60_000 };
  expect((await sessions.getAudit({ limit: 100, ...range })).entries).toHaveLength(21);
});

test.each([
  {},
  { limit: 0 },
  { limit: 1001 },
  { limit: 1, after: "1" },
  { limit: 1, after: 1 },
  { limit: 1, from: -1 },
  { limit: 1, until: "yesterday" },
  { limit: 1, until: 0.5 },
])("%j is no page", async (options) => {
  const { sessions } = new World(AUDIT);
  const wrong = refused(ERROR_TYPES.GENERAL_ERROR, "ARGUMENT_INVALID");
  await expect(sessions.getAudit(options as never)).rejects.toEqual(wrong);
});

test("unknown options are refused by name, and no user is not everybody", async () => {
  const { sessions } = new World(AUDIT);
  await expect(sessions.getAudit({ limit: 1, form: 1 } as never)).rejects.toThrow(/form/);
  await expect(sessions.getAuditForUser("alice", { limit: 1, from: 1 } as never)).rejects.toThrow(/from/);
  await expect(sessions.getAuditForUser(undefined as never, { limit: 1 })).rejects.toMatchObject({
    code: "USER_ID_INVALID",
  });
});

test("the sweep removes rows that are older than the retention, in steps", async () => {
  const ages: [age: number, limit: number][] = [];
  const world = new World();
  const left = [50, 50, 7];
  const deleteOldAudit = async (age: number, limit: number): Promise<number> => {
    ages.push([age, limit]);
    return left.shift() ?? 0;
  };
  const store = { ...world.store, deleteOldAudit };
  await world.another({ store, ...AUDIT }).sweep();
  expect(ages).toEqual([1, 2, 3].map(() => [90 * 86_400_000, 50]));
  await world.another({ store }).sweep();
  expect(ages).toHaveLength(3);
});

test("forgetUser removes the rows about the user", async () => {
  const { sessions } = new World(AUDIT);
  await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  await sessions.createNewSession("bob", { role: "member" }, { count: 0 });
  expect(await sessions.forgetUser("alice")).toEqual({ sessions: 1, devices: 0, auditRows: 2 });
  expect((await entriesOf(sessions)).map(({ userId }) => userId)).toEqual(["bob"]);
});

test("a store that cannot write the table is refused at the start, if the option is on", async () => {
  const world = new World();
  const store = { ...world.store, findAuditFault: async () => "the table is read-only." };
  await expect(world.another({ store, ...AUDIT }).ready()).rejects.toMatchObject({
    code: "STORE_UNSUITABLE",
    message: expect.stringContaining("the table is read-only. audit.retention writes the audit table, and needs it"),
  });
  await world.another({ store }).ready();
});

test("times of the process are not those of the rows", async () => {
  const world = new World(AUDIT);
  await world.signIn();
  const [row] = await entriesOf(world.sessions);
  expect(row?.loggedAt).not.toBe(START);
});
