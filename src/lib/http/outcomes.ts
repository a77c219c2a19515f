import { ERROR_TYPES, type ErrorCode, type ErrorType, isErrorFromAuth } from "../errors.ts";

export const hasType = (error: unknown, type: ErrorType): boolean => isErrorFromAuth(error) && error.errType === type;

export const hasCode = (error: unknown, code: ErrorCode): boolean => isErrorFromAuth(error) && error.code === code;

/** Whether the tokens that led to an error have become useless. */
export const endsSession = (error: unknown): boolean =>
  hasType(error, ERROR_TYPES.UNAUTHORISED) || hasType(error, ERROR_TYPES.TOKEN_THEFT_DETECTED);

/**
 * @returns undefined if a token is not ours, has expired or belongs to an ended session, or if the
 * request has tokens of two sessions. Other errors are thrown
 */
export async function unlessNotOurs<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch (error) {
    if (hasType(error, ERROR_TYPES.TRY_REFRESH_TOKEN) || hasType(error, ERROR_TYPES.UNAUTHORISED)) return undefined;
    if (hasCode(error, "TRANSPORT_CONFLICT")) return undefined;
    throw error;
  }
}
