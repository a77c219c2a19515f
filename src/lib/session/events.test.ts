import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { inspect } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { type CounterfoilConfig, createSessions, type SessionEventName, type Sessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { createEventHub, type SessionEvents } from "./events.ts";

const SECRET = "a secret for tests, of 32 characters and more";
const CREATED: SessionEvents["session-created"] = { handle: "h", userId: "alice", device: {} };

// Node prints warnings by a listener of its own, which would fill the report with the faults that
// are provoked here.
beforeAll(() => void process.removeAllListeners("warning"));

describe("the hub", () => {
  test("gives an event to every listener of its name, in order, and to no other", () => {
    const { on, emit } = createEventHub();
    const heard: unknown[] = [];
    on("session-created", (event) => heard.push(["a", event]));
    on("session-created", (event) => heard.push(["b", event]));
    on("key-rotated", (event) => heard.push(["c", event]));
    emit("session-created", CREATED);
    expect(heard).toEqual([
      ["a", CREATED],
      ["b", CREATED],
    ]);
  });

  test("stops with the returned function, which may be called twice, and with clear", () => {
    const { on, emit, clear } = createEventHub();
    const heard: string[] = [];
    const stop = on("session-created", () => heard.push("a"));
    on("session-created", () => heard.push("b"));
    stop();
    stop();
    emit("session-created", CREATED);
    clear();
    emit("session-created", CREATED);
    expect(heard).toEqual(["b"]);
  });

  test("goes on when a listener stops itself or another", () => {
    const { on, emit } = createEventHub();
    const heard: string[] = [];
    const stops = ["a", "b", "c"].map((name) =>
      on("session-created", () => {
        heard.push(name);
        stops[0]?.();
        stops[1]?.();
      }),
    );
    emit("session-created", CREATED);
    expect(heard).toEqual(["a", "c"]);
  });

  test.each([
    [
      "throws",
      (): void => {
        throw new Error("the listener's own fault");
      },
    ],
    [
      "throws no error",
      (): void => {
        throw "the listener's own fault";
      },
    ],
    [
      "rejects",
      async (): Promise<void> => {
        throw new Error("the listener's own fault");
      },
    ],
    ["rejects with no error", async (): Promise<void> => Promise.reject("the listener's own fault")],
  ])("reports a listener that %s as a warning and calls the others", async (_, listener) => {
    const { on, emit } = createEventHub();
    const heard: unknown[] = [];
    on("session-created", listener);
    on("session-created", (event) => heard.push(event));
    const warned = once(process, "warning") as Promise<[Error & { code: string }]>;
    emit("session-created", CREATED);
    expect(heard).toEqual([CREATED]);
    const [warning] = await warned;
    expect(warning.code).toBe("COUNTERFOIL_LISTENER");
    expect(warning.message).toContain('a listener of "session-created" failed: ');
    expect(warning.message).toContain("the listener's own fault");
  });

  test.each([
    ["cannot be made text", Object.create(null) as unknown],
    ["has a hostile stack", Object.defineProperty(new Error("x"), "stack", { get: () => JSON.parse("{") as string })],
  ])("survives a listener that throws what %s, and reports it", async (_, thrown) => {
    const { on, emit } = createEventHub();
    on("session-created", () => {
      throw thrown;
    });
    const warned = once(process, "warning") as Promise<[Error]>;
    expect(() => emit("session-created", CREATED)).not.toThrow();
    expect((await warned)[0].message).toContain("it threw something that cannot be made text");
  });

  test("survives a listener that throws an error whose stack is no text", () => {
    const { on, emit } = createEventHub();
    on("session-created", () => {
      throw Object.assign(new Error("x"), { stack: Symbol("s") });
    });
    expect(() => emit("session-created", CREATED)).not.toThrow();
  });
});

test("a name that is no event is refused, with the names that are", () => {
  const { on } = createEventHub();
  const misspelt = "session-createed" as "session-created";
  expect(() => on(misspelt, () => undefined)).toThrow("known are session-created, session-refreshed");
  expect(() => on("toString" as "session-created", () => undefined)).toThrow("no event of this name");
});

test("the end of all sessions is one event, with the number of rows", async () => {
  const sessions = createSessions({ store: memory() });
  const heard: unknown[] = [];
  sessions.on("all-sessions-revoked", (event) => heard.push(event));
  for (const user of ["alice", "bob", "carol"]) await sessions.createNewSession(user);
  expect(await sessions.revokeAllSessions()).toBe(3);
  expect(heard).toEqual([{ removed: 3 }]);
});

const NAMES = [
  "session-created",
  "session-refreshed",
  "session-revoked",
  "reuse-detected",
  "store-behind",
  "key-rotated",
] as const;

/**
 * Goes through every event and most errors of a session; tells all that was said, and all that must
 * never be.
 */
async function goThroughEverything(
  onEvent: (name: SessionEventName, event: unknown) => unknown,
): Promise<{ errors: unknown[]; secrets: string[]; sessions: Sessions }> {
  const store = memory();
  let now = 1_790_000_000_000;
  const common: CounterfoilConfig = { store, secret: SECRET, clock: () => now, rotation: { window: "1ms" } };
  const session = { maxPerUser: 3, onMaxPerUser: "end-oldest" } as const;
  const sessions = createSessions({ ...common, session, tokens: { accessToken: { revocation: "store" } } });
  for (const name of NAMES) sessions.on(name, (event) => onEvent(name, event));
  const errors: unknown[] = [];
  const secrets = [SECRET];
  const fails = async (operation: Promise<unknown>): Promise<void> => {
    const error: unknown = await operation.then(
      () => undefined,
      (fault: unknown) => fault,
    );
    expect(error).toBeInstanceOf(Error);
    errors.push(error);
  };
  const signIn = async (user = "alice"): ReturnType<Sessions["createNewSession"]> => {
    const created = await sessions.createNewSession(user, { role: "admin" }, {}, { device: { ip: "203.0.113.7" } });
    const { accessToken, refreshToken, antiCsrfToken = "" } = created;
    secrets.push(
      accessToken.value.slice(-22),
      refreshToken.value.slice(40, 70),
      refreshToken.value.slice(-30),
      antiCsrfToken,
    );
    return created;
  };

  const first = await signIn();
  const [row, key] = [await store.findSession(first.session.handle), (await store.listKeys())[0]];
  if (row === undefined || key === undefined) expect.fail("there must be a row and a key");
  secrets.push(row.currentHash, key.wrappedSeed.slice(-30));
  const mutated = (token: string): string => `${token.slice(0, -2)}${token.endsWith("AA") ? "BB" : "AA"}`;
  await fails(sessions.getSession(mutated(first.accessToken.value)));
  await fails(sessions.getSession(first.accessToken.value, mutated(first.antiCsrfToken ?? "")));
  await fails(sessions.refreshSession(mutated(first.refreshToken.value)));
  await fails(sessions.refreshSession(first.accessToken.value));
  await fails(sessions.getSession(first.refreshToken.value));
  await fails(sessions.getSessionData(first.refreshToken.value));
  await fails(sessions.revokeSessionUsingSessionHandle(first.refreshToken.value.repeat(2)));
  now += 1000;
  await fails(sessions.getSession(first.accessToken.value, null, { maxAuthAge: "0s" }));
  await fails(sessions.createNewSession("alice", { secret: SECRET.repeat(99), token: new Date() }));
  await fails(sessions.createNewSession("alice", { secret: first.refreshToken.value.repeat(40) }));
  const second = await sessions.refreshSession(first.refreshToken.value);
  now += 3;
  const third = await sessions.refreshSession(second.newRefreshToken.value);
  secrets.push(second.newRefreshToken.value.slice(40, 70), third.newRefreshToken.value.slice(-30));
  await fails(sessions.refreshSession(first.refreshToken.value)); // just superseded: RETRY
  await store.deleteSession(row.handle);
  await store.createSession(row, undefined);
  await fails(sessions.refreshSession(third.newRefreshToken.value)); // STORE_BEHIND
  const again = await sessions.refreshSession(first.refreshToken.value);
  await sessions.refreshSession(again.newRefreshToken.value);
  now += 1000;
  await fails(sessions.refreshSession(first.refreshToken.value)); // theft
  await fails(sessions.getSession(first.accessToken.value)); // revoked
  await fails(sessions.refreshSession(again.newRefreshToken.value)); // gone
  for (let turn = 0; turn < 4; turn += 1) await signIn();
  await sessions.rotateSigningKey();
  await fails(createSessions({ ...common, secret: `${SECRET} but another` }).ready());
  await sessions.revokeAllSessionsForUser("alice");
  return { errors, secrets, sessions };
}

test("no event and no error says a token, a hash, a key or a secret, in any of its fields", async () => {
  const events: [string, unknown][] = [];
  const { errors, secrets } = await goThroughEverything((name, event) => events.push([name, event]));
  expect(new Set(events.map(([name]) => name))).toEqual(new Set(NAMES));
  const codes = new Set(errors.map((error) => (error as { code: string }).code));
  expect([...codes].sort()).toEqual([
    "ACCESS_TOKEN_INVALID",
    "ANTI_CSRF_MISMATCH",
    "ARGUMENT_INVALID",
    "REFRESH_TOKEN_INVALID",
    "REFRESH_TOKEN_SUPERSEDED",
    "SECRET_MISMATCH",
    "SESSION_NOT_FOUND",
    "STEP_UP_REQUIRED",
    "STORE_BEHIND",
    "TOKEN_THEFT_DETECTED",
    "TOKEN_TOO_LARGE",
    "VALUE_NOT_JSON",
  ]);
  for (const said of [...events, ...errors]) {
    const { message, stack, cause } = said instanceof Error ? said : {};
    const all = [
      JSON.stringify(said),
      inspect(said, { depth: 20, showHidden: true }),
      message,
      stack,
      inspect(cause),
    ].join("\n");
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(20);
      if (all.includes(secret)) expect.fail(`said ${secret}: ${all}`);
    }
  }
});

test("no operation fails because its listeners do, and every fault is reported", async () => {
  const warnings: Error[] = [];
  // Warnings come a little later, so those of the tests before may still be on their way.
  process.on("warning", (warning) => /own fault|and again/.test(warning.message) && warnings.push(warning));
  let calls = 0;
  const { sessions } = await goThroughEverything(async () => {
    calls += 1;
    throw new Error("the listener's own fault");
  });
  sessions.on("session-created", () => {
    throw new Error("and again");
  });
  await expect(sessions.createNewSession("bob")).resolves.toMatchObject({ session: { userId: "bob" } });
  await setImmediate();
  expect(calls).toBeGreaterThan(10);
  expect(warnings).toHaveLength(calls + 1);
});
