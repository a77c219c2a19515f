import { generalError } from "../errors.ts";
import type { SessionContext } from "./context.ts";
import { checkKnown } from "./known-options.ts";

/** Options of `sweep`. */
export interface SweepOptions {
  /** The most sessions to remove. Default: all that have expired. */
  readonly limit?: number | undefined;
}

/** Removes expired sessions now. @throws SessionError `ARGUMENT_INVALID` */
export async function sweepNow(context: SessionContext, options: SweepOptions = {}): Promise<number> {
  checkKnown(options, "sweep", ["limit"]);
  const { limit } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw generalError(
      "ARGUMENT_INVALID",
      "the limit of a sweep is not a whole number from 1; give { limit: 1000000 }, or no options for all",
    );
  }
  return context.calls.run(async () => {
    await context.ready();
    return context.upkeep.sweep(limit ?? Number.POSITIVE_INFINITY);
  });
}
