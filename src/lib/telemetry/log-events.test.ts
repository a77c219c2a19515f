import { PassThrough } from "node:stream";
import { Console } from "node:console";
import fastify from "fastify";
import { expect, test } from "vitest";
import { collectEvents } from "../../../test/fixtures/all-events.ts";
import { World } from "../../../test/fixtures/session-world.ts";
import { supersede } from "../../../test/fixtures/superseded-session.ts";
import type { SessionEventName, SessionListener } from "../session/events.ts";
import type { Sessions } from "../session/sessions.ts";
import { type EventLogger, LOG_LEVELS, logEvents, type LogOptions } from "./log-events.ts";

interface Logged {
  readonly level: keyof EventLogger;
  readonly entry: unknown;
}

function createLogger(): EventLogger & { readonly logged: Logged[] } {
  const logged: Logged[] = [];
  const at = (level: keyof EventLogger) => (entry: unknown) => logged.push({ level, entry });
  return { logged, info: at("info"), warn: at("warn"), error: at("error") };
}

/** An instance whose events a test tells. */
interface Teller {
  readonly sessions: Sessions;
  readonly tell: (name: SessionEventName, event: object) => void;
}

function createTeller(): Teller {
  const listeners = new Map<SessionEventName, (event: never) => void>();
  const on = (name: SessionEventName, listener: SessionListener<never>): (() => void) => {
    listeners.set(name, listener);
    return () => listeners.delete(name);
  };
  return { sessions: { on } as unknown as Sessions, tell: (name, event) => listeners.get(name)?.(event as never) };
}

test("each event is one short line at its level", async () => {
  const logger = createLogger();
  const { sessions, tell } = createTeller();
  logEvents(sessions, logger);
  const names = Object.keys(LOG_LEVELS) as SessionEventName[];
  const events = await collectEvents(names);
  for (const [name, event] of events) tell(name, event);
  expect(logger.logged).toHaveLength(events.length);
  for (const [at, [name, event]] of events.entries()) {
    const { level, entry } = logger.logged[at] ?? {};
    const { claims: _, ...facts } = event as { readonly claims?: unknown };
    expect({ level, entry }).toEqual({
      level: LOG_LEVELS[name],
      entry: `counterfoil ${name} ${JSON.stringify(facts)}`,
    });
  }
});

test("no line holds a token, or claims and data", async () => {
  const world = new World();
  const logger = createLogger();
  logEvents(world.sessions, logger);
  const { accessToken, refreshToken, antiCsrfToken, current, session } = await supersede(world);
  await world.sessions.updateJwtPayload(session.handle, { role: "member of two" });
  await world.sessions.refreshSession(refreshToken.value).catch(() => undefined);
  const text = JSON.stringify(logger.logged);
  expect(text).toContain("counterfoil reuse-detected");
  expect(text).toContain("counterfoil claims-changed");
  expect(text).toContain(session.handle);
  const secrets = [accessToken.value, refreshToken.value, current, antiCsrfToken ?? "none", "member", '"count"'];
  for (const secret of secrets) expect(text).not.toContain(secret);
});

const MANY = {
  handles: Array.from({ length: 200 }, (_, at) => `handle ${at}`),
  userId: "a".repeat(256),
  reason: "revoked",
};

test("a long event is cut", () => {
  const logger = createLogger();
  const { sessions, tell } = createTeller();
  logEvents(sessions, logger);
  tell("session-revoked", MANY);
  tell("csrf-reported", { method: "POST", path: `/${"x".repeat(100_000)}`, reason: "r" });
  const [revoked, reported] = logger.logged.map(({ entry }) => String(entry));
  expect(revoked).toContain('"handle 19","and 180 more"]');
  expect(revoked).not.toContain("handle 20");
  expect(revoked?.length).toBeLessThan(4096);
  expect(reported?.length).toBeLessThan(400);
});

test("a value cannot begin a line, and cannot command a terminal", () => {
  const logger = createLogger();
  const { sessions, tell } = createTeller();
  logEvents(sessions, logger);
  const label = "a\nb\u001b[2J\u009b2J\u2028\u007f\u202egpj\u2066\u200f";
  tell("session-created", { handle: "h", userId: "u", device: { label } });
  const [line] = logger.logged.map(({ entry }) => String(entry));
  expect(line).toMatch(/^[ -~]+$/);
  expect(JSON.parse(line?.slice("counterfoil session-created ".length) ?? "")).toMatchObject({ device: { label } });
});

test("as fields an entry has the facts, the event and a message", () => {
  const logger = createLogger();
  const { sessions, tell } = createTeller();
  logEvents(sessions, logger, { format: "fields" });
  tell("session-revoked", { handles: ["h"], userId: 42, reason: "limit" });
  const fields = { handles: ["h"], userId: 42, reason: "limit" };
  expect(logger.logged).toEqual([
    { level: "info", entry: { ...fields, event: "session-revoked", message: "counterfoil session-revoked" } },
  ]);
});

test("only the listed events are logged, each once, until it is stopped", async () => {
  const world = new World();
  const logger = createLogger();
  const stop = logEvents(world.sessions, logger, { events: ["session-created", "session-created"] });
  const { refreshToken } = await world.signIn();
  await world.sessions.refreshSession(refreshToken.value);
  expect(logger.logged).toHaveLength(1);
  stop();
  await world.signIn();
  expect(logger.logged).toHaveLength(1);
});

async function linesOf(log: (sessions: Sessions<never, never>, stream: PassThrough) => void): Promise<string[]> {
  const world = new World();
  const stream = new PassThrough();
  log(world.sessions as unknown as Sessions<never, never>, stream);
  await world.signIn();
  await world.signIn();
  return String(stream.read()).trim().split("\n");
}

test("console writes a line for each event", async () => {
  const lines = await linesOf((sessions, stream) => void logEvents(sessions, new Console(stream)));
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/^counterfoil session-created \{"handle":"/);
});

test("pino, which Fastify has, writes a line for each event, with its fields", async () => {
  const lines = await linesOf((sessions, stream) => {
    const { log } = fastify({ logger: { stream } });
    logEvents(sessions, log, { format: "fields" });
  });
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ level: 30, event: "session-created", userId: "alice" });
});

test.each<readonly [unknown, unknown, string, string]>([
  [console, { evnts: [] }, "CONFIG_INVALID", "logEvents.evnts"],
  [console, { events: "session-created" }, "CONFIG_INVALID", "logEvents.events"],
  [console, { events: ["session-created", "session-creatd"] }, "CONFIG_INVALID", "did you mean session-created"],
  [console, { format: "json" }, "CONFIG_INVALID", "logEvents.format"],
  [{ info() {}, warn() {} }, {}, "ARGUMENT_INVALID", "no method error"],
  [undefined, {}, "ARGUMENT_INVALID", "no method info"],
])("what cannot be meant is refused by name (%#)", (logger, options, code, named) => {
  const world = new World();
  expect(() => logEvents(world.sessions, logger as EventLogger, options as LogOptions)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(named) }),
  );
});
