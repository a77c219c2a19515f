import { generalError } from "../errors.ts";
import type { AccessTokenFacts } from "../token/access-token.ts";
import type { SessionRecord } from "./record.ts";

/** The most methods in a list. */
const MAX_METHODS = 10;

// A method stands in `WWW-Authenticate`, in a list with blanks between.
const METHOD = /^[!#-[\]-~]{1,32}$/;

/**
 * Checks a list of authentication methods (RFC 8176).
 *
 * @param name the caller's name of the list
 * @throws SessionError `ARGUMENT_INVALID`
 */
export function checkAmr(amr: unknown, name: string): readonly string[] {
  const isList = Array.isArray(amr) && amr.length > 0 && amr.length <= MAX_METHODS;
  if (isList && amr.every((method) => typeof method === "string" && METHOD.test(method)))
    return [...new Set(amr as readonly string[])];
  throw generalError(
    "ARGUMENT_INVALID",
    `${name} is no list of 1 to ${MAX_METHODS} methods (RFC 8176); write each as 1 to 32 ASCII characters without blanks and quotes, as in ["pwd", "otp"]`,
  );
}

/** The column of a row. @throws SessionError `ARGUMENT_INVALID` */
export const writeAmr = (amr: unknown): string | null =>
  amr === undefined ? null : JSON.stringify(checkAmr(amr, "options.amr"));

export const readAmr = (column: string | null): readonly string[] | undefined =>
  column === null ? undefined : (JSON.parse(column) as readonly string[]);

/** What an access token tells of the sign-in. */
export type SignIn = Pick<AccessTokenFacts, "authTime" | "amr">;

/** The same as columns of a row. */
export const signInColumns = ({ authTime, amr }: SignIn): Pick<SessionRecord, "authTime" | "amr"> => ({
  authTime,
  amr: amr === undefined ? null : JSON.stringify(amr),
});

/** @returns whether all of `required` are among `amr` */
export const hasAmr = (amr: readonly string[] | undefined, required: readonly string[]): boolean =>
  required.every((method) => amr?.includes(method) === true);
