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
  if (!isOwnedBy(value, "concat")) throw refuse(path, "is an instance of a class of arrays");
  const { length: _, ...members }: Record<string, PropertyDescriptor> = Object.getOwnPropertyDescriptors(value);
  if (Object.keys(members).length !== value.length) throw refuse(path, "is an array with holes or with named members");
  checkMembers(value, members, { path, pathOf: (key) => `${path}[${key}]`, depth });
}

function checkObject(value: object, path: string, depth: number): void {
  if (Object.getPrototypeOf(value) !== null && !isOwnedBy(value, "isPrototypeOf")) {
    throw refuse(path, `is a ${nameClass(value)}`);
  }
  checkMembers(value, Object.getOwnPropertyDescriptors(value), { path, pathOf: (key) => `${path}.${key}`, depth });
}

/** A `toJSON` needs no rule of its own: on these prototypes it can only be a member, and functions are no JSON. */
function checkMembers(
  value: object,
  members: Readonly<Record<string, PropertyDescriptor>>,
  { path, pathOf, depth }: { path: string; pathOf: (key: string) => string; depth: number },
): void {
  if (Object.getOwnPropertySymbols(value).length > 0) throw refuse(path, "has a symbol as a key");
  for (const [key, descriptor] of Object.entries(members)) {
    if (!("value" in descriptor) || descriptor.enumerable !== true) {
      throw refuse(pathOf(key), "is a getter or not enumerable");
    }
    check(descriptor.value, pathOf(key), depth + 1);
  }
}

/** Whether the prototype is the built-in one, of whichever realm, told by a method that only that one has of its own. */
function isOwnedBy(value: object, method: "concat" | "isPrototypeOf"): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof prototype === "object" && prototype !== null && Object.hasOwn(prototype, method);
}

function nameClass(value: object): string {
  const constructor: unknown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value), "constructor")?.value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "class instance";
}

const refuse = (path: string, fact: string): Error =>
  generalError(
    "VALUE_NOT_JSON",
    `${path} ${fact}, which JSON would change or lose; give it as a string, a number or a plain object`,
  );
