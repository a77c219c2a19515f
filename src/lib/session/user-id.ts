import { userKeyOf } from "../user-key.ts";
import { generalError } from "../errors.ts";

/**
 * The id of a user: a non-empty string of at most 256 characters, or a finite number. You get it
 * back unchanged. The number 42 and the string `"42"` are two users.
 */
export type UserId = string | number;

const MAX_LENGTH = 256;

/**
 * The identity of a user as text. JSON keeps 42 and "42" apart, and lone surrogates and NUL survive
 * every store.
 */
export function toUserKey(userId: unknown): string {
  if (typeof userId === "string") {
    if (userId === "") throw wrongUserId("is an empty string");
    if (userId.length > MAX_LENGTH)
      throw wrongUserId(`has ${userId.length} characters, and at most ${MAX_LENGTH} are taken`);
    return userKeyOf(userId);
  }
  if (typeof userId === "number") {
    if (!Number.isFinite(userId)) throw wrongUserId(`is ${userId}`);
    return userKeyOf(userId);
  }
  throw wrongUserId(`is ${userId === null ? "null" : `of type ${typeof userId}`}`);
}

export const fromUserKey = (userKey: string): UserId => JSON.parse(userKey) as UserId;

const wrongUserId = (fact: string): Error =>
  generalError(
    "USER_ID_INVALID",
    `userId ${fact}; give a non-empty string or a finite number that is the user's own for ever`,
  );
