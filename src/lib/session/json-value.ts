import { cutText } from "../cut-text.ts";
import { generalError } from "../errors.ts";

const MAX_DEPTH = 64;
/** Greatest size of `sessionData` as JSON text, in characters. */
const MAX_LENGTH = 1_000_000;

/**
 * Serializes a value, if JSON gives it back unchanged. Values that JSON would change silently (a
 * Date, NaN, an undefined member, a Map ...) are refused with their path. `name` is the caller's
 * name of the value.
 */
export function toJson(value: unknown, name: string): string {
  check(value, { path: name, depth: 0, count: { characters: 0, name } });
  const text = JSON.stringify(value);
  if (text.length > MAX_LENGTH) throw tooLarge(name, `has ${text.length} characters as JSON`);
  return text;
}

/** The position of the check within a value. */
interface Position {
  readonly path: string;
  readonly depth: number;
  /**
   * Shared by the whole check. JSON repeats a shared part at each position, so the text may have no
   * end.
   */
  readonly count: { characters: number; readonly name: string };
}

function check(value: unknown, position: Position): void {
  const { path, depth, count } = position;
  if (depth > MAX_DEPTH) throw notJson(path, `is nested more than ${MAX_DEPTH} deep, or contains itself`);
  // A lower bound of the text's length. A value that is far too large fails before it is
  // serialized.
  count.characters += typeof value === "string" ? value.length + 2 : 1;
  if (count.characters > MAX_LENGTH) throw tooLarge(count.name, `has more than ${MAX_LENGTH} characters as JSON`);
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value) || Object.is(value, -0)) {
        throw notJson(path, `is ${Object.is(value, -0) ? "-0" : value}`);
      }
      return;
    case "object":
      if (value === null) return;
      if (Array.isArray(value)) checkArray(value, position);
      else checkObject(value, position);
      return;
    default:
      throw notJson(path, `is ${value === undefined ? "undefined" : `a ${typeof value}`}`);
  }
}

function checkArray(value: readonly unknown[], position: Position): void {
  const { path } = position;
  if (!isOwnedBy(value, "concat")) throw notJson(path, "is an instance of a class of arrays");
  const { length: _, ...members }: Record<string, PropertyDescriptor> = Object.getOwnPropertyDescriptors(value);
  if (Object.keys(members).length !== value.length) throw notJson(path, "is an array with holes or with named members");
  checkMembers(value, members, position, (key) => `${path}[${key}]`);
}

function checkObject(value: object, position: Position): void {
  const { path } = position;
  if (Object.getPrototypeOf(value) !== null && !isOwnedBy(value, "isPrototypeOf")) {
    throw notJson(path, `is a ${nameClass(value)}`);
  }
  checkMembers(value, Object.getOwnPropertyDescriptors(value), position, (key) => `${path}.${key}`);
}

/**
 * `toJSON` needs no rule of its own: on these prototypes it can only be a member, and members must
 * not be functions.
 */
function checkMembers(
  value: object,
  members: Readonly<Record<string, PropertyDescriptor>>,
  { path, depth, count }: Position,
  pathOf: (key: string) => string,
): void {
  if (Object.getOwnPropertySymbols(value).length > 0) throw notJson(path, "has a symbol as a key");
  for (const [key, descriptor] of Object.entries(members)) {
    const memberPath = pathOf(key);
    if (!("value" in descriptor) || descriptor.enumerable !== true) {
      throw notJson(memberPath, "is a getter or not enumerable");
    }
    count.characters += 1;
    check(descriptor.value, { path: memberPath, depth: depth + 1, count });
  }
}

/**
 * Whether the prototype is the built-in one of any realm. Only that one has this method as its own
 * property.
 */
function isOwnedBy(value: object, method: "concat" | "isPrototypeOf"): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof prototype === "object" && prototype !== null && Object.hasOwn(prototype, method);
}

function nameClass(value: object): string {
  const constructor: unknown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value), "constructor")?.value;
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "class instance";
}

const MAX_PATH = 500;

function notJson(path: string, fact: string): Error {
  const where = `${cutText(path, MAX_PATH)}${path.length > MAX_PATH ? "…" : ""}`;
  return generalError(
    "VALUE_NOT_JSON",
    `${where} ${fact}, which JSON would change or lose; give it as a string, a number or a plain object`,
  );
}

const tooLarge = (name: string, fact: string): Error =>
  generalError("VALUE_TOO_LARGE", `${name} ${fact}, and at most ${MAX_LENGTH} characters are kept`);
