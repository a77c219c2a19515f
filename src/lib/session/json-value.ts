import { generalError } from "../errors.ts";

const MAX_DEPTH = 64;
/** Greatest size of `sessionData` as JSON text, in characters. */
const MAX_LENGTH = 1_000_000;

/**
 * The JSON text of a value that comes back from it unchanged. What JSON would change in silence (a Date, NaN, an undefined
 * member, a Map ...) is refused with the path to it; `name` is how the caller calls the value.
 */
export function toJson(value: unknown, name: string): string {
  check(value, name, 0);
  const text = JSON.stringify(value);
  if (text.length > MAX_LENGTH) {
    throw generalError(
      "VALUE_TOO_LARGE",
      `${name} has ${text.length} characters as JSON, and at most ${MAX_LENGTH} are kept`,
    );
  }
  return text;
}

function check(value: unknown, path: string, depth: number): void {
  if (depth > MAX_DEPTH) throw refuse(path, `is nested more than ${MAX_DEPTH} deep, or contains itself`);
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value) || Object.is(value, -0))
        throw refuse(path, `is ${Object.is(value, -0) ? "-0" : value}`);
      return;
    case "object":
      if (value === null) return;
      if (Array.isArray(value)) checkArray(value, path, depth);
      else checkObject(value, path, depth);
      return;
    default:
      throw refuse(path, `is ${value === undefined ? "undefined" : `a ${typeof value}`}`);
  }
}

function checkArray(value: readonly unknown[], path: string, depth: number): void {
  if (Object.keys(value).length !== value.length) throw refuse(path, "is an array with holes or with named members");
  for (const [index, member] of value.entries()) check(member, `${path}[${index}]`, depth + 1);
}

function checkObject(value: object, path: string, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw refuse(path, `is a ${value.constructor?.name ?? "class instance"}`);
  }
  if (Object.getOwnPropertySymbols(value).length > 0) throw refuse(path, "has a symbol as a key");
  if ("toJSON" in value && typeof value.toJSON === "function") throw refuse(path, "has a toJSON method");
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    const member = `${path}.${key}`;
    if (!("value" in descriptor) || descriptor.enumerable !== true)
      throw refuse(member, "is a getter or not enumerable");
    check(descriptor.value, member, depth + 1);
  }
}

const refuse = (path: string, fact: string): Error =>
  generalError(
    "VALUE_NOT_JSON",
    `${path} ${fact}, which JSON would change or lose; give it as a string, a number or a plain object`,
  );
