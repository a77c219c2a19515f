import type { UserId } from "../session/user-id.ts";
import { UsageError } from "./command-error.ts";

/** The options that name a user. */
export const USER_OPTIONS = { user: "text", number: "flag" } as const;

/** Their part of a usage text. */
export const USER_USAGE = `  --user    the id of a user, a string
  --number  the id is a number; 42 and "42" are two users`;

const NUMBER = /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i;

/** The id as the app gave it. @throws UsageError */
export function readUser(user: string, isNumber: true | undefined): UserId {
  if (isNumber === undefined) return user;
  const id = Number(user);
  // A number that is rounded would be another user.
  const isExact = !Number.isInteger(id) || Number.isSafeInteger(id) || String(id) === user;
  if (NUMBER.test(user) && Number.isFinite(id) && isExact) return id;
  throw new UsageError("--number wants a --user that is a number, and that a number of JavaScript holds exactly");
}

/** What to try if a user has no sessions. */
export const otherKind = (user: string, isNumber: true | undefined): string =>
  isNumber === true
    ? "; if the app's ids are strings, leave out --number"
    : NUMBER.test(user)
      ? "; if the app's ids are numbers, add --number"
      : "";
