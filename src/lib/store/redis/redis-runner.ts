import { generalError, type SessionError } from "../../errors.ts";
import { deadlineWithin } from "../../call.ts";
import { withDeadline } from "../../with-deadline.ts";
import { createRetry } from "../retries.ts";
import type { RedisCall, RedisDriver, RedisReplicas } from "./redis-driver.ts";
import { explain, isTransient } from "./redis-errors.ts";
import type { RedisScript } from "./redis-scripts.ts";
import { markUnknown, storeError } from "../../session/store-error.ts";

/** Runs a script with retries after temporary refusals, until a deadline, and explains errors. */
export type RunScript = (
  script: RedisScript,
  keys: readonly string[],
  args?: readonly (string | number)[],
) => Promise<unknown>;

/**
 * Give up after this many ms: about the length of a fail-over; each retrying call keeps a request
 * open.
 */
const PATIENCE = 2000;

/** After this share of a call's time without a response, the connection is considered dead. */
const SILENCE = 0.9;

/**
 * @param timeout how long one script may take with all retries, in ms. Within a call the scripts
 * share the time of the call
 */
export function createRedisRunner(
  driver: RedisDriver,
  timeout: number,
  replicas: RedisReplicas | undefined,
): RunScript {
  async function runConfirmed(call: RedisCall, wanted: RedisReplicas): Promise<unknown> {
    const { reply, confirmed } = await driver.runAndWait(call, wanted);
    if (confirmed < wanted.acknowledge) throw notConfirmed(confirmed, wanted);
    return reply;
  }

  return async (script, keys, args = []) => {
    const call = { script, keys, args: args.map(String) };
    const begun = performance.now();
    const deadline = deadlineWithin(timeout);
    const retry = createRetry(begun + Math.min(PATIENCE, timeout), pause);
    for (;;) {
      try {
        const running = replicas === undefined || !script.keeps ? driver.run(call) : runConfirmed(call, replicas);
        return await withDeadline(running, deadline, () => {
          // The server may still run the script later. That is harmless: a change finds another
          // version, a removal was wanted, and nobody has the tokens of a late sign-in. A shared
          // connection is dropped only after almost the whole time without a response, because the
          // first operation of a call begins a moment after the call.
          if (performance.now() >= begun + timeout * SILENCE) void driver.abandon(begun).catch(() => undefined);
          return scriptTimedOut(timeout);
        });
      } catch (error) {
        if (!isTransient(error) || !(await retry())) throw explain(error);
      }
    }
  };
}

const pause = (attempts: number): number => Math.random() * Math.min(10 * 2 ** attempts, 200);

const scriptTimedOut = (timeout: number): SessionError => storeError(`the server gave no answer within ${timeout} ms`);

const notConfirmed = (confirmed: number, { acknowledge, within }: RedisReplicas): SessionError =>
  markUnknown(
    generalError(
      "STORE_UNAVAILABLE",
      `only ${confirmed} of ${acknowledge} replicas had what was written within ${within} ms; a fail-over now might lose it`,
    ),
  );
