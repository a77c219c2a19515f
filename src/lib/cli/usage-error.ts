/** The arguments of the command are wrong. The message says what to write instead. */
export class UsageError extends Error {}
