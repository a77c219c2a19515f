import { cutText } from "../cut-text.ts";
import { generalError } from "../errors.ts";

const MAX_DEPTH = 64;
/** Greatest size of `sessionData` as JSON text, in characters. */
const MAX_LENGTH = 1_000_000;

/**
 * The JSON text of a value that comes back from it unchanged. What JSON would change in silence (a
 * Date, NaN, an undefined member, a Map ...) is refused with the path to it; `name` is how the
 * caller calls the value.
 */
export function toJson(value: unknown, name: string): string {
  check(value, { path: name, depth: 0, count: { characters: 0, name } });
  const text = JSON.stringify(value);
  if (text.length > MAX_LENGTH) throw tooLarge(name, `has ${text.length} characters as JSON`);
  return text;
}

/** Where in a value the check is. */
interface Position {
  readonly path: string;
  readonly depth: number;
  /**
   * Shared by the whole check: parts that stand in many positions are written out in each, and may
   * be without end.
   */
  readonly count: { characters: number; readonly name: string };
}

function check(value: unknown, position: Position): void {
  const { path, depth, count } = position;
  if (depth > MAX_DEPTH) throw notJson(path, `is nested more than ${MAX_DEPTH} deep, or contains itself`);
  // At least so many in the text; counted on the way, so that what is far too large is not written
  // out first.
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
 * A `toJSON` needs no rule of its own: on these prototypes it can only be a member, and functions
 * are no JSON.
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
 * Whether the prototype is the built-in one, of whichever realm, told by a method that only that
 * one has of its own.
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
