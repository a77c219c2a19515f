import { ConfigError, isErrorFromAuth } from "../errors.ts";
import { CommandError } from "./command-error.ts";
import { printable } from "./printable.ts";

/** How a command ends that did not do its work. */
export interface Report {
  /**
   * 1: the database failed. 2: the arguments, the environment or the secret are wrong. 3: nothing
   * found.
   */
  readonly exitCode: number;
  readonly code: string;
  readonly message: string;
}

/** Errors of the library that say that an argument is wrong. */
const OF_ARGUMENTS: readonly string[] = ["USER_ID_INVALID", "ARGUMENT_INVALID"];

/** @param given texts in which a URL may have a password, which is hidden */
export function toReport(error: unknown, given: readonly string[]): Report {
  const report = describe(error, given);
  return { ...report, message: printable(report.message) };
}

function describe(error: unknown, given: readonly string[]): Report {
  if (error instanceof CommandError) return { exitCode: error.exitCode, code: error.code, message: error.message };
  if (error instanceof ConfigError) return { exitCode: 2, code: error.code, message: error.message };
  const isOurs = isErrorFromAuth(error);
  const reason = hidePasswords(reasonOf(isOurs ? error.cause : error), given);
  if (!isOurs) return { exitCode: 1, code: "UNEXPECTED", message: `this is a fault of counterfoil (${reason})` };
  const { code, detail } = error;
  return {
    exitCode: OF_ARGUMENTS.includes(code) ? 2 : 1,
    code,
    message: reason === "" ? detail : `${detail} (${reason})`,
  };
}

/** A connection that failed at several addresses has an error for each, and no message. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  if (cause.message !== "") return cause.message;
  return cause instanceof AggregateError ? reasonOf(cause.errors[0]) : cause.name;
}

/** Drivers quote parts of an address that they cannot use. */
function hidePasswords(message: string, given: readonly string[]): string {
  const secrets = new Set(given.flatMap(passwordsIn).filter((secret) => secret !== ""));
  // The longest first, because one may be a part of another.
  return [...secrets].toSorted((one, other) => other.length - one.length).reduce(hide, message);
}

const hide = (message: string, secret: string): string => message.replaceAll(secret, "***");

/**
 * As it is written, and as drivers read it. One with a character that ends the address is in parts
 * for them.
 */
function passwordsIn(address: string): readonly string[] {
  const [, userInfo = ""] = /:\/\/(.*)@/s.exec(address) ?? [];
  const password = /^[^:]*:(.*)$/s.exec(userInfo)?.[1] ?? "";
  const parameters = [...address.matchAll(/[?&][^=&]*(?:pass|secret|key|token)[^=&]*=([^&#]*)/gi)].map(
    ([, value = ""]) => value,
  );
  const parts = [password, ...password.split(/[/?#@]/), ...parameters];
  return parts.flatMap((text) => [text, decoded(text)]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
