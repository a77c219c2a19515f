/**
 * What is known of an operation that failed: whether the database may have done it all the same.
 */
import { type CodeOf, generalError, SessionError } from "../errors.ts";

const facts = new WeakMap<object, string>();
const untouched = new WeakSet<object>();
const partly = new WeakSet<object>();
const unknown = new WeakSet<object>();

/**
 * A fault of the database. guarded-store.ts, which knows the operation, adds to the message what
 * has become of it.
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

/** The text of a `storeError`, as it was given. */
export const factOf = (error: object): string | undefined => facts.get(error);

/**
 * Around an error of a driver, so that something can be noted on it: a driver may give one error to
 * all that waited on a connection, and what is known of them differs.
 */
export class DriverFailure extends Error {
  constructor(cause: unknown) {
    super("the driver failed", { cause });
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Nothing was done: the operation never reached the database, or was refused by it. */
export function markUntouched<E>(error: E): E {
  if (isObject(error)) untouched.add(error);
  return error;
}

export const isUntouched = (error: unknown): boolean => isObject(error) && untouched.has(error);

/** A step before the one that failed has ended sessions, or made one, for good. */
function markPartly(error: unknown): Error {
  const own = error instanceof SessionError || error instanceof DriverFailure ? error : new DriverFailure(error);
  partly.add(own);
  return isUntouched(error) ? markUntouched(own) : own;
}

/** `work`, which is a step of an operation. @param isFirst whether nothing is done before it */
export async function asStep<T>(isFirst: boolean, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isFirst ? error : markPartly(error);
  }
}

export const isPartly = (error: unknown): boolean => isObject(error) && partly.has(error);

/** Nobody knows whether it was done. */
export function markUnknown<E>(error: E): E {
  if (isObject(error)) unknown.add(error);
  return error;
}

export const isUnknown = (error: unknown): boolean => isObject(error) && unknown.has(error);
