import type { ResponseHead } from "./client-options.ts";
import type { PreparedCall, SessionCalls, Verdict } from "./session-calls.ts";
import { SessionClientError } from "./session-client-error.ts";
import { readStepUp, type StepUpDemand } from "./step-up-demand.ts";

/**
 * Asks the user to sign in again.
 *
 * @returns whether the user has done so
 */
export type AskForStepUp = (demand: StepUpDemand) => boolean | Promise<boolean>;

/** A call that has been repeated after a step-up, and is not asked for again. */
type RepeatedCall = PreparedCall & { readonly isSteppedUp?: true };

/** Those who may be asked for a client. An object each, so that one function may be there twice. */
type Askers = Set<{ readonly ask: AskForStepUp }>;

const askersOf = new WeakMap<SessionCalls, Askers>();

/**
 * Calls `ask` when a response demands a fresher or stronger sign-in (`STEP_UP_REQUIRED`, RFC 9470).
 * It is called once for all calls that wait for it. If it resolves to true, each of them is sent
 * again, once, by `fetch`, `XMLHttpRequest` or a worker. Otherwise each caller gets its response.
 * If it fails, the calls fail with its error.
 *
 * Sign in again by `client.signIn`, which never asks: a call by `client.fetch` that is refused in
 * the same way would wait for itself.
 *
 * @param client the result of `createSessionClient`, not a copy of it; it is changed
 * @param ask of several functions the last one is called
 * @returns a function that removes `ask`
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 * import { onStepUp } from "counterfoil/step-up";
 *
 * const client = createSessionClient();
 * onStepUp(client, async () => {
 *   const password = prompt("Your password, please");
 *   if (password === null) return false;
 *   const body = new URLSearchParams({ password });
 *   return (await client.signIn("/login-again", { method: "POST", body })).ok;
 * });
 * ```
 */
export function onStepUp(client: SessionCalls, ask: AskForStepUp): () => void {
  const askers = askersOf.get(client) ?? judgeWithStepUp(client);
  const asker = { ask };
  askers.add(asker);
  return () => void askers.delete(asker);
}

function judgeWithStepUp(client: SessionCalls): Askers {
  const askers: Askers = new Set();
  askersOf.set(client, askers);
  const judge = client.judge.bind(client);
  let asking: Promise<boolean> | undefined;

  /** The call with the tokens of now. */
  async function prepareAgain({ url, method, owner }: PreparedCall): Promise<Verdict> {
    try {
      return await client.prepare({ url, method, owner });
    } catch (error) {
      return error as SessionClientError;
    }
  }

  async function judgeStepUp(call: PreparedCall, response: ResponseHead, canResend: boolean): Promise<Verdict> {
    const demand = readStepUp(response);
    const { ask } = [...askers].at(-1) ?? {};
    if (demand === undefined || ask === undefined) return undefined;
    const current = await prepareAgain(call);
    if (current === undefined || current instanceof SessionClientError) return current;
    // Other tokens may satisfy the demand: another call has asked, or another tab.
    const isWorthTrying = canResend && !call.isSecond && current.marker !== call.marker;
    if (isWorthTrying && asking === undefined) return { ...current, isSecond: true };
    asking ??= (async () => ask(demand))().finally(() => (asking = undefined));
    if (!(await asking)) return undefined;
    if (!canResend) return new SessionClientError("BODY_NOT_REPLAYABLE");
    return markSteppedUp(await prepareAgain(call));
  }

  client.judge = async (call: RepeatedCall, response, canResend = true) => {
    const verdict = await judge(call, response, canResend);
    if (call.isSteppedUp) return markSteppedUp(verdict);
    return verdict ?? judgeStepUp(call, response, canResend);
  };
  return askers;
}

function markSteppedUp(verdict: Verdict): Verdict {
  if (verdict === undefined || verdict instanceof SessionClientError) return verdict;
  const repeated: RepeatedCall = { ...verdict, isSteppedUp: true };
  return repeated;
}
