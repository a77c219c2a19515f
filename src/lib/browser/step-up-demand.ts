import { STEP_UP_MESSAGE } from "../../protocol.ts";
import type { ResponseHead } from "./client-options.ts";

/** What a response demands of the user's sign-in (RFC 9470). */
export interface StepUpDemand {
  /** The greatest age of the sign-in, in ms. Undefined if the response names none. */
  readonly maxAuthAge: number | undefined;
  /** The methods that the sign-in must have used, all of them (RFC 8176). Undefined: any. */
  readonly amr: readonly string[] | undefined;
}

/** @returns undefined if the response is no such refusal */
export function readStepUp({ headers }: ResponseHead): StepUpDemand | undefined {
  const challenge = headers.get("www-authenticate") ?? "";
  if (!challenge.includes(STEP_UP_MESSAGE)) return undefined;
  const [, seconds] = /max_age="?(\d+)/.exec(challenge) ?? [];
  const [, methods] = /amr_values="([^"]+)/.exec(challenge) ?? [];
  return { maxAuthAge: seconds === undefined ? undefined : Number(seconds) * 1000, amr: methods?.split(" ") };
}
