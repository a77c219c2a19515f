/** The text by which stores know a user: JSON, so that `1` and `"1"` are two users. */
export const userKeyOf = (userId: string | number): string => (Object.is(userId, -0) ? "-0" : JSON.stringify(userId));
