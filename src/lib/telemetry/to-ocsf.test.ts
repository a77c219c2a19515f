import { expect, test } from "vitest";
import { type AnyEvent, collectEvents } from "../../../test/fixtures/all-events.ts";
import { START } from "../../../test/fixtures/constants.ts";
import { findOcsfFaults, ocsfVersion } from "../../../test/fixtures/ocsf-definitions.ts";
import type { SessionEventName } from "../session/events.ts";
import { LOG_LEVELS } from "./log-events.ts";
import { type OcsfAuthentication, toOcsf } from "./to-ocsf.ts";

const NAMES = Object.keys(LOG_LEVELS) as SessionEventName[];
const OPTIONS = { service: "shop", time: START };
const map = ([name, event]: AnyEvent): readonly OcsfAuthentication[] => toOcsf(name, event as never, OPTIONS);
const asRecord = (event: OcsfAuthentication | undefined): Readonly<Record<string, unknown>> => ({ ...event });

test("every event of every name fits the definitions", async () => {
  const events = await collectEvents(NAMES);
  expect(new Set(events.map(([name]) => name))).toEqual(new Set(NAMES));
  const mapped = events.flatMap((event) => map(event).map((record) => ({ name: event[0], record })));
  for (const { name, record } of mapped)
    expect({ name, faults: findOcsfFaults(asRecord(record)) }).toEqual({ name, faults: [] });
  expect(new Set(mapped.map(({ name }) => name))).toEqual(
    new Set(["session-created", "session-refreshed", "session-revoked", "reuse-detected"]),
  );
  expect(new Set(mapped.map(({ record }) => record.metadata.version))).toEqual(new Set([ocsfVersion]));
});

test("a sign-in is a Logon with its user, session and device", () => {
  const device = { ip: "203.0.113.0/24", userAgent: "Firefox on Linux" };
  expect(toOcsf("session-created", { handle: "h", userId: 42, device }, OPTIONS)).toEqual([
    {
      category_uid: 3,
      category_name: "Identity & Access Management",
      class_uid: 3002,
      class_name: "Authentication",
      activity_id: 1,
      activity_name: "Logon",
      type_uid: 300_201,
      type_name: "Authentication: Logon",
      severity_id: 1,
      severity: "Informational",
      status_id: 1,
      status: "Success",
      time: START,
      message: "A user signed in.",
      metadata: {
        version: ocsfVersion,
        product: { name: "Counterfoil", vendor_name: "Counterfoil" },
        event_code: "session-created",
      },
      service: { name: "shop" },
      user: { uid: "42", type_id: 1, type: "User" },
      session: { uid: "h" },
      src_endpoint: { name: "Firefox on Linux" },
      is_remote: true,
      unmapped: { device },
    },
  ]);
});

test("where an actor signs in, the account is switched, and both are named", () => {
  const actor = { userId: "support", handle: "b" };
  const [record] = toOcsf("session-created", { handle: "h", userId: 42, device: {}, actor }, OPTIONS);
  expect(record).toMatchObject({
    type_uid: 300_207,
    type_name: "Authentication: Account Switch",
    account_switch_type_id: 2,
    account_switch_type: "Impersonate",
    user: { uid: "42" },
    actor: { user: { uid: "support" }, session: { uid: "b" } },
  });
});

test.each([
  [true, { is_new_logon: false }],
  [false, { is_new_logon: true }],
])("whether the device is known (%s) is told", (knownDevice, wanted) => {
  const [record] = toOcsf("session-created", { handle: "h", userId: 42, device: {}, knownDevice }, OPTIONS);
  expect(record).toMatchObject(wanted);
  expect(findOcsfFaults(asRecord(record))).toEqual([]);
});

test("each session that ended is a Logoff with its reason", () => {
  const logoffs = toOcsf("session-revoked", { handles: ["a", "b"], userId: "alice", reason: "sign-out" }, OPTIONS);
  expect(logoffs).toMatchObject([
    { type_uid: 300_202, status_detail: "LOGOFF_USER_INITIATED", session: { uid: "a", expiration_reason: "sign-out" } },
    { type_uid: 300_202, session: { uid: "b" }, user: { uid: "alice" } },
  ]);
});

test("a revocation whose response was lost has the status Unknown", () => {
  const event = { handles: [], userId: "alice", reason: "revoked", unknown: true } as const;
  const [logoff, ...others] = toOcsf("session-revoked", event, OPTIONS);
  expect(others).toEqual([]);
  expect(logoff).toMatchObject({ status_id: 0, status: "Unknown", user: { uid: "alice" } });
  expect(logoff).not.toHaveProperty("session");
});

const [GOOD] = toOcsf("session-created", { handle: "h", userId: "alice", device: { label: "Phone" } }, OPTIONS);
const good = asRecord(GOOD);

test.each<readonly [string, Readonly<Record<string, unknown>>]>([
  ["user is missing", { ...good, user: undefined }],
  ["user. has none of account, name, uid", { ...good, user: { type_id: 1 } }],
  ["user.type_id is none of its values", { ...good, user: { uid: "alice", type_id: 12 } }],
  ["user.password is unknown", { ...good, user: { uid: "alice", password: "x" } }],
  [" has none of service, dst_endpoint", without("service")],
  ["metadata.product is missing", { ...good, metadata: { version: "1.0.0" } }],
  ["type_uid is not 300201", { ...good, type_uid: 300_202 }],
  ["class_uid is not 3002", { ...good, class_uid: 3003 }],
  ["activity_id has no meaning", { ...good, activity_id: 8 }],
  ["activity_name is not Logon", { ...good, activity_name: "Logoff" }],
  ["status is not Success", { ...good, status: "Failure" }],
  ["severity_id has no meaning", { ...good, severity_id: 42 }],
  ["actor. has none of process, user, iam_role, invoked_by, session, app_name, app_uid", { ...good, actor: {} }],
  ["account_switch_type is not Impersonate", { ...good, account_switch_type_id: 2, account_switch_type: "x" }],
  ["time has the wrong type", { ...good, time: "2026-01-01" }],
  ["handle is unknown", { ...good, handle: "h" }],
])("the definitions refuse a planted event: %s", (fault, event) => {
  expect(findOcsfFaults(event)).toContain(fault);
});

function without(name: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
}

test.each([
  [{ service: "" }, "service"],
  [{}, "service"],
  [{ service: "shop", time: Number.NaN }, "time"],
  [{ service: "shop", schemaVersion: "" }, "schemaVersion"],
  [{ service: "shop", sevice: "x" }, "sevice"],
])("%j is refused by name", (options, name) => {
  const call = (): unknown => toOcsf("session-created", { handle: "h", userId: 1, device: {} }, options as never);
  expect(call).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(name) }));
});

test("an event of another name is refused", () => {
  expect(() => toOcsf("session-made" as never, {} as never, OPTIONS)).toThrow(/"session-made"/);
});
