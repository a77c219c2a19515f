import * as fc from "fast-check";
import { describe, expect, expectTypeOf, onTestFinished, test } from "vitest";
import { type Claims, refused, withStore, World } from "../../../test/fixtures/session-world.ts";
import { ClaimError, Error as AuthError, type Sessions, type VerifyOptions } from "../../index.ts";
import { toClaimsCheck } from "./claims-requirement.ts";

const CLAIMS = { role: "admin", scopes: ["read", "write"], org: { id: 7, tags: [{ a: 1, b: null }] }, none: null };

test.each<readonly [requirement: object, missing: string | undefined]>([
  [{ role: "admin" }, undefined],
  [{ role: "admin", none: null }, undefined],
  [{ scopes: ["read", "write"] }, undefined],
  [{ org: { tags: [{ b: null, a: 1 }], id: 7 } }, undefined],
  [{ role: "Admin" }, "role"],
  [{ role: ["admin"] }, "role"],
  [{ role: "admin", plan: "pro" }, "plan"],
  [{ scopes: ["write", "read"] }, "scopes"],
  [{ scopes: ["read"] }, "scopes"],
  [{ scopes: { 0: "read", 1: "write" } }, "scopes"],
  [{ org: { id: "7", tags: [{ a: 1, b: null }] } }, "org"],
  [{ org: { id: 7 } }, "org"],
  [{ org: { id: 7, tags: [{ a: 1 }] } }, "org"],
  [{ none: 0 }, "none"],
  [{ none: false }, "none"],
  [{ toString: "x" }, "toString"],
  [{ constructor: { name: "Object" } }, "constructor"],
  [JSON.parse('{"__proto__":null}') as object, "__proto__"],
])("of the claims, %j lacks %j", (requirement, missing) => {
  expect(toClaimsCheck(requirement)(CLAIMS)).toBe(missing);
});

test.each([undefined, null, 5, "admin", ["role"], new Map([["role", "admin"]]), {}])(
  "claims that are %j have no claim",
  (claims) => {
    expect(toClaimsCheck({ role: "admin" })(claims)).toBe("role");
    expect(toClaimsCheck({ 0: "admin" })(claims)).toBe("0");
  },
);

test("any JSON is equal to its copy with the members in another order, and to no other text of JSON", () => {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([name, item]) => [name, turned(item)]),
    );
  };
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  fc.assert(
    fc.property(json, json, (value, other) => {
      const check = toClaimsCheck({ claim: value });
      expect(check({ claim: turned(value) })).toBeUndefined();
      const [one, two] = [value, other].map((item) => JSON.stringify(sorted(item)));
      expect(check({ claim: other }) === undefined).toBe(one === two);
    }),
  );
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, sorted(item)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

class Role {
  readonly role = "admin";
}

test.each<readonly [name: string, requirement: unknown, told: RegExp]>([
  ["undefined", undefined, /claims is undefined/],
  ["null", null, /claims is null/],
  ["empty", {}, /claims is empty/],
  ["a text", "role", /claims is a string/],
  ["true", true, /claims is a boolean/],
  ["an array", ["role"], /claims is an array/],
  ["undefined within", { role: undefined }, /claims\.role is undefined/],
  ["a function within", { role: () => true }, /claims\.role is a function/],
  ["a date", { since: new Date() }, /claims\.since is a Date/],
  ["NaN", { level: Number.NaN }, /claims\.level is NaN/],
  ["a regular expression", { role: /admin/ }, /claims\.role is a RegExp/],
  ["a class", new Role(), /claims is a Role/],
  ["a map", new Map([["role", "admin"]]), /claims is a Map/],
])("a requirement that is %s is refused by name", async (_, requirement, told) => {
  expect(() => toClaimsCheck(requirement)).toThrow(told);
  const { sessions } = new World();
  const { accessToken } = await sessions.createNewSession("alice", { role: "admin" }, { count: 0 });
  const options = { claims: requirement } as VerifyOptions<Claims>;
  const verified = sessions.getSession(accessToken.value, null, options);
  await expect(verified).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "ARGUMENT_INVALID"));
});

test("a requirement counts as it was first seen", () => {
  const requirement: { role?: string } = { role: "admin" };
  toClaimsCheck(requirement);
  delete requirement.role;
  expect(toClaimsCheck(requirement)({})).toBe("role");
});

describe("a function", () => {
  const member = { role: "member" };
  const isAdmin = ({ role }: Claims): boolean => role === "admin";
  test.each<readonly [name: string, judge: (claims: Claims) => boolean | string, missing: string | undefined]>([
    ["returns true", () => true, undefined],
    ["returns false", isAdmin, "isAdmin"],
    [
      "has no name",
      (
        () => () =>
          false
      )(),
      "claims",
    ],
    ["returns a name", () => "the role of an admin", "the role of an admin"],
    ["returns an empty name", () => "", "claims"],
  ])("that %s", (_, judge, missing) => {
    expect(toClaimsCheck(judge)(member)).toBe(missing);
  });

  test.each([undefined, null, 1, {}, [], Promise.resolve(true)])("that returns %j is refused", (returned) => {
    expect(() => toClaimsCheck(() => returned)(member)).toThrow(/^the requirement claims is a function that returned/);
  });

  test("that returns a promise is refused, and its failure ends no process", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    const failing = (): never => Promise.reject(new Error("the roles are not known")) as never;
    expect(() => toClaimsCheck(failing)(member)).toThrow("returned an object");
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  });

  test("that throws fails the call with its error", async () => {
    const { sessions } = new World();
    const { accessToken } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
    const fault = new RangeError("mine");
    const claims = (): boolean => {
      throw fault;
    };
    await expect(sessions.getSession(accessToken.value, null, { claims })).rejects.toBe(fault);
  });
});

test("the error has the name of the claim, cut, and the response too", async () => {
  const { sessions } = new World();
  const { accessToken } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const error: unknown = await sessions
    .getSession(accessToken.value, null, { claims: () => "x".repeat(200) })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ClaimError);
  const claim = "x".repeat(100);
  expect(error).toMatchObject({ errType: 1000, code: "CLAIM_REQUIRED", status: 403, claim, message: "invalid claim" });
  expect(JSON.parse(JSON.stringify(error))).toEqual({ message: "invalid claim", claim });
});

test("the newest claims count, and only after the session is known to live", async () => {
  const { sessions } = new World(withStore);
  const { accessToken, session } = await sessions.createNewSession("alice", { role: "member" }, { count: 0 });
  const ask = (): Promise<unknown> => sessions.getSession(accessToken.value, null, { claims: { role: "admin" } });
  await expect(ask()).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "CLAIM_REQUIRED"));
  await sessions.updateJwtPayload(session.handle, { role: "admin" });
  await expect(ask()).resolves.toMatchObject({ session: { jwtPayload: { role: "admin" } }, newAccessToken: {} });
  await sessions.updateJwtPayload(session.handle, { role: "member" });
  await expect(ask()).rejects.toEqual(refused(AuthError.GENERAL_ERROR, "CLAIM_REQUIRED"));
  await sessions.revokeSessionUsingSessionHandle(session.handle);
  await expect(ask()).rejects.toEqual(refused(AuthError.UNAUTHORISED, "SESSION_NOT_FOUND"));
});

test("the requirement has the type of the app's claims", () => {
  type Options = NonNullable<Parameters<Sessions<{ role: "member" | "admin"; level: number }>["getSession"]>[2]>;
  const fitting: Options[] = [
    { claims: { role: "admin" } },
    { claims: { level: 3, role: "member" } },
    { claims: ({ level }) => level > 2 || "level" },
  ];
  // @ts-expect-error no such role
  fitting.push({ claims: { role: "root" } });
  // @ts-expect-error no such claim
  fitting.push({ claims: { plan: "pro" } });
  // @ts-expect-error a promise is no decision
  fitting.push({ claims: async () => true });
  expect(fitting).toHaveLength(6);
  expectTypeOf<{ claims: { anything: number } }>().toExtend<VerifyOptions>();
});
