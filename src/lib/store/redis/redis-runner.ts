import { generalError, type SessionError } from "../../errors.ts";
import { deadlineWithin } from "../../call.ts";
import { withDeadline } from "../../with-deadline.ts";
import { createRetry } from "../retries.ts";
import type { RedisCall, RedisDriver, RedisReplicas } from "./redis-driver.ts";
import { explain, isTransient } from "./redis-errors.ts";
import type { RedisScript } from "./redis-scripts.ts";
import { markUnknown, storeError } from "../../session/store-error.ts";

/**
 * Runs a script: again where the server refused it for the moment, gives up after a while, and says
 * what is at fault.
 */
export type RunScript = (
  script: RedisScript,
  keys: readonly string[],
  args?: readonly (string | number)[],
) => Promise<unknown>;

/**
 * What is refused for longer than this is a fault, in ms: a fail-over takes about as long, and a
 * call that waits holds a request open.
 */
const PATIENCE = 2000;

/** Share of the time that a call has, after which a connection without an answer is of no use. */
const SILENCE = 0.9;

/**
 * @param timeout how long one script may take, all attempts included; ms. Within a call the scripts
 *   share the time of the call
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
          // What it was asked may yet be done when it answers. The scripts bear that: a change
          // finds its version gone, a removal is one that somebody wanted, and a sign-in that comes
          // late is a session whose tokens nobody has. A connection that others wait for too is
          // given up only when it was silent for about the whole of the time: the first operation
          // of a call begins a moment after the call.
          if (performance.now() >= begun + timeout * SILENCE) void driver.abandon(begun).catch(() => undefined);
          return noResponse(timeout);
        });
      } catch (error) {
        if (!isTransient(error) || !(await retry())) throw explain(error);
      }
    }
  };
}

const pause = (attempts: number): number => Math.random() * Math.min(10 * 2 ** attempts, 200);

const noResponse = (timeout: number): SessionError => storeError(`the server gave no answer within ${timeout} ms`);

const notConfirmed = (confirmed: number, { acknowledge, within }: RedisReplicas): SessionError =>
  markUnknown(
    generalError(
      "STORE_UNAVAILABLE",
      `only ${confirmed} of ${acknowledge} replicas had what was written within ${within} ms; a fail-over now might lose it`,
    ),
  );
