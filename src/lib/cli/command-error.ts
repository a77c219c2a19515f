/** Why a command did not do its work, with the exit code. */
export class CommandError extends Error {
  readonly exitCode: number;
  readonly code: string;

  constructor(exitCode: number, code: string, message: string) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

/**
 * The arguments, the environment or the secret are wrong. The message says what to write instead.
 */
export class UsageError extends CommandError {
  constructor(message: string) {
    super(2, "USAGE", message);
  }
}

/** There is nothing of what the arguments name. */
export class NothingFoundError extends CommandError {
  constructor(message: string) {
    super(3, "NOTHING_FOUND", message);
  }
}
