/** Records of a failed operation whether the database may have done it. */
import { type CodeOf, generalError, isErrorFromAuth, type SessionError } from "../errors.ts";

const facts = new WeakMap<object, string>();
const untouched = new WeakSet<object>();
const partly = new WeakSet<object>();
const unknown = new WeakSet<object>();

/**
 * An error of the database. guarded-store.ts knows the operation and adds its outcome to the
 * message.
 */
export function storeError(
  fact: string,
  cause?: unknown,
  code: CodeOf<"GENERAL_ERROR"> = "STORE_UNAVAILABLE",
): SessionError {
  const error = generalError(code, fact, cause);
  facts.set(error, fact);
  return error;
}

/** A server that cannot keep sessions as it is set up. */
export const unsuitableStore = (fact: string): SessionError => generalError("STORE_UNSUITABLE", fact);

/** The original text of a `storeError`. */
export const factOf = (error: object): string | undefined => facts.get(error);

/**
 * Wraps an error of a driver so that it can be marked. A driver may give one error to all waiting
 * calls, and their outcomes differ.
 */
export class DriverFailure extends Error {
  constructor(cause: unknown) {
    super("the driver failed", { cause });
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Marks an operation that did not happen: it never reached the database, or was refused. */
export function markUntouched<E>(error: E): E {
  if (isObject(error)) untouched.add(error);
  return error;
}

export const isUntouched = (error: unknown): boolean => isObject(error) && untouched.has(error);

/** Marks an operation of which an earlier step has ended or made sessions. */
function markPartly(error: unknown): Error {
  const own = isErrorFromAuth(error) || error instanceof DriverFailure ? error : new DriverFailure(error);
  partly.add(own);
  return isUntouched(error) ? markUntouched(own) : own;
}

/** Runs one step of an operation. @param isFirst whether no step has succeeded before */
export async function asStep<T>(isFirst: boolean, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isFirst ? error : markPartly(error);
  }
}

export const isPartly = (error: unknown): boolean => isObject(error) && partly.has(error);

/** Marks an operation of unknown outcome. */
export function markUnknown<E>(error: E): E {
  if (isObject(error)) unknown.add(error);
  return error;
}

export const isUnknown = (error: unknown): boolean => isObject(error) && unknown.has(error);
