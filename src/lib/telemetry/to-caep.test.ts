import { expect, test } from "vitest";
import { type AnyEvent, collectEvents } from "../../../test/fixtures/all-events.ts";
import { CAEP_EVENTS, findCaepFaults } from "../../../test/fixtures/caep-definitions.ts";
import { START } from "../../../test/fixtures/constants.ts";
import type { SessionEventName } from "../session/events.ts";
import { LOG_LEVELS } from "./log-events.ts";
import { type SecurityEventToken, toCaep } from "./to-caep.ts";

const NAMES = Object.keys(LOG_LEVELS) as SessionEventName[];
const ISSUER = "https://app.example.com";
const BASE = "https://schemas.openid.net/secevent/caep/event-type/";
const OPTIONS = { issuer: ISSUER, audience: "https://peer.example.com", time: START + 999 };
const map = ([name, event]: AnyEvent): readonly SecurityEventToken[] => toCaep(name, event as never, OPTIONS);

test("every event of every name fits the specification", async () => {
  const events = await collectEvents(NAMES);
  expect(new Set(events.map(([name]) => name))).toEqual(new Set(NAMES));
  const mapped = events.flatMap((event) => map(event).map((payload) => ({ name: event[0], payload })));
  for (const { name, payload } of mapped)
    expect({ name, faults: findCaepFaults(payload) }).toEqual({ name, faults: [] });
  expect(new Set(mapped.map(({ name }) => name))).toEqual(
    new Set(["session-created", "session-refreshed", "session-revoked", "session-reauthenticated", "claims-changed"]),
  );
  expect(new Set(mapped.map(({ payload }) => payload.jti)).size).toBe(mapped.length);
});

test("each session that ended has a token with its user, session, time and reason", () => {
  let count = 0;
  const newId = (): string => `id ${(count += 1)}`;
  const event = { handles: ["a", "b"], userId: 42, reason: "reuse" } as const;
  const payloads = toCaep("session-revoked", event, { ...OPTIONS, newId });
  const seconds = Math.floor(START / 1000);
  expect(payloads).toEqual(
    ["a", "b"].map((id, at) => ({
      iss: ISSUER,
      iat: seconds,
      jti: `id ${at + 1}`,
      aud: "https://peer.example.com",
      sub_id: {
        format: "complex",
        user: { format: "iss_sub", iss: ISSUER, sub: "42" },
        session: { format: "opaque", id },
      },
      events: {
        [`${BASE}session-revoked`]: {
          event_timestamp: seconds,
          initiating_entity: "policy",
          reason_admin: { en: "a refresh token was reused" },
        },
      },
    })),
  );
});

test("a session whose user is not known is the whole subject", () => {
  const [payload] = toCaep("session-revoked", { handles: ["a"], reason: "revoked" }, { issuer: ISSUER });
  expect(payload?.sub_id).toEqual({ format: "complex", session: { format: "opaque", id: "a" } });
  expect(payload).not.toHaveProperty("aud");
});

test("what an actor did is told as done by an admin", () => {
  const actor = { userId: "support", handle: "b" };
  const said = [
    ...toCaep("session-created", { handle: "h", userId: 1, device: {}, actor }, OPTIONS),
    ...toCaep("session-revoked", { handles: ["h"], userId: 1, reason: "sign-out", actor }, OPTIONS),
  ].flatMap(({ events }) => Object.values(events));
  expect(said.map(({ initiating_entity }) => initiating_entity)).toEqual(["admin", "admin"]);
});

test("changed claims have their new values, and removed ones are null", () => {
  const event = { handle: "h", userId: 1, claims: { role: "admin", kept: 1 }, changed: ["role", "team"] };
  const [payload] = toCaep("claims-changed", event, OPTIONS);
  expect(Object.values(payload?.events ?? {})).toMatchObject([{ claims: { role: "admin", team: null } }]);
  expect(findCaepFaults(payload)).toEqual([]);
  for (const claims of [["a"], null, "admin"])
    expect(toCaep("claims-changed", { ...event, claims, changed: [] }, OPTIONS)).toEqual([]);
});

test("no receiver is told of a revocation that may not have happened", () => {
  const event = { handles: ["a"], userId: "alice", reason: "revoked", unknown: true } as const;
  expect(toCaep("session-revoked", event, OPTIONS)).toEqual([]);
});

test("the table has the event types of the specification", () => {
  expect(Object.keys(CAEP_EVENTS)).toHaveLength(7);
});

const [GOOD] = toCaep("session-created", { handle: "h", userId: "alice", device: {} }, OPTIONS);
const good = { ...GOOD };
const eventOf = (type: string, event: unknown): unknown => ({ ...good, events: { [`${BASE}${type}`]: event } });

test.each<readonly [string, unknown]>([
  ["jti is missing", { ...good, jti: undefined }],
  ["iat has a wrong value", { ...good, iat: START }],
  ["exp is unknown", { ...good, exp: 1 }],
  ["sub is unknown", { ...good, sub: "alice" }],
  ["sub_id has no part", { ...good, sub_id: { format: "complex" } }],
  ["sub_id.user.sub is missing", { ...good, sub_id: { format: "complex", user: { format: "iss_sub", iss: ISSUER } } }],
  [
    "sub_id.user.sub has a wrong value",
    { ...good, sub_id: { format: "complex", user: { format: "iss_sub", iss: ISSUER, sub: 42 } } },
  ],
  [
    "sub_id.session.format is unknown",
    { ...good, sub_id: { format: "complex", session: { format: "handle", id: "h" } } },
  ],
  ["it has not exactly one event", { ...good, events: {} }],
  [`${BASE}session-ended is no type of event`, eventOf("session-ended", {})],
  ["event.event_timestamp has a wrong value", eventOf("session-revoked", { event_timestamp: START })],
  ["event.initiating_entity has a wrong value", eventOf("session-revoked", { initiating_entity: "app" })],
  ["event.reason_admin has a wrong value", eventOf("session-revoked", { reason_admin: "reuse" })],
  ["event.handle is unknown", eventOf("session-revoked", { handle: "h" })],
  ["event.claims is missing", eventOf("token-claims-change", {})],
  ["event.current_level is missing", eventOf("assurance-level-change", { namespace: "RFC8176" })],
])("the specification refuses a planted payload: %s", (fault, payload) => {
  expect(findCaepFaults(payload)).toContain(fault);
});

test.each([
  [{}, "issuer"],
  [{ issuer: ISSUER, time: -1 }, "time"],
  [{ issuer: ISSUER, audiense: "x" }, "audiense"],
])("%j is refused by name", (options, name) => {
  const call = (): unknown => toCaep("session-created", { handle: "h", userId: 1, device: {} }, options as never);
  expect(call).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(name) }));
});
