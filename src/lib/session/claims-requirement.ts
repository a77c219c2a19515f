import { isLater } from "../awaitable.ts";
import { generalError, isErrorFromAuth } from "../errors.ts";
import { toJson } from "./json-value.ts";

/**
 * Judges claims by itself, without waiting: true if they suffice; false, or the name of what is
 * missing, if not. With false the name is the function's.
 */
// A method's parameter may be of a subtype, so a function of the app's own claims also fits where
// their type is not known.
export type ClaimsFunction<Claims> = { judge(claims: Claims): boolean | string }["judge"];

/** Claims with the values that they must have. */
export type RequiredClaims<Claims> = unknown extends Claims
  ? Readonly<Record<string, unknown>>
  : { readonly [Name in keyof Claims]?: Claims[Name] };

/**
 * What a route demands of the claims: the values of some of them, or a function. Values are
 * compared as JSON, also arrays and objects as a whole; the order of an object's members does not
 * matter.
 */
export type ClaimsRequirement<Claims = unknown> = RequiredClaims<Claims> | ClaimsFunction<Claims>;

/** @returns the name of what the claims lack; undefined if they suffice */
export type ClaimsCheck = (claims: unknown) => string | undefined;

const checks = new WeakMap<object, ClaimsCheck>();

/**
 * Reads a requirement as it is now, once for each object: a later change of it has no effect.
 *
 * @throws SessionError `ARGUMENT_INVALID`
 */
export function toClaimsCheck(requirement: unknown): ClaimsCheck {
  if (typeof requirement === "function") return (claims) => judgeBy(requirement as ClaimsFunction<unknown>, claims);
  if (typeof requirement !== "object" || requirement === null || Array.isArray(requirement))
    throw invalid(`is ${Array.isArray(requirement) ? "an array" : nameType(requirement)}`);
  const known = checks.get(requirement);
  if (known !== undefined) return known;
  const required = Object.entries(JSON.parse(toText(requirement)) as Readonly<Record<string, unknown>>);
  if (required.length === 0) throw invalid("is empty");
  const check: ClaimsCheck = (claims) => required.find(([name, value]) => !hasClaim(claims, name, value))?.[0];
  checks.set(requirement, check);
  return check;
}

function toText(requirement: object): string {
  try {
    return toJson(requirement, "claims");
  } catch (error) {
    throw isErrorFromAuth(error) ? generalError("ARGUMENT_INVALID", `the requirement ${error.detail}`) : error;
  }
}

function judgeBy(judge: ClaimsFunction<unknown>, claims: unknown): string | undefined {
  const judged: unknown = judge(claims);
  if (judged === true) return undefined;
  if (judged === false) return judge.name || "claims";
  if (typeof judged === "string") return judged || "claims";
  // A promise would pass for true. If it fails later, that must not end the process.
  if (isLater(judged)) void judged.then(undefined, () => undefined);
  throw generalError(
    "ARGUMENT_INVALID",
    `the requirement claims is a function that returned ${nameType(judged)}; return true, false, or the name of what is missing`,
  );
}

const hasClaim = (claims: unknown, name: string, value: unknown): boolean =>
  isRecord(claims) && Object.hasOwn(claims, name) && isSameJson(claims[name], value);

function isSameJson(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((item, index) => isSameJson(item, other[index]))
    );
  if (!isRecord(one) || !isRecord(other)) return one === other;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => hasClaim(other, name, one[name]));
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const nameType = (value: unknown): string => {
  if (value === undefined || value === null) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
};

const invalid = (fact: string): Error =>
  generalError(
    "ARGUMENT_INVALID",
    `the requirement claims ${fact}; name at least one claim and its value, as in { role: "admin" }, or give a function of the claims`,
  );
