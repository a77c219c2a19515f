import { type ErrorResponse, type ResponsePolicy, respondTo } from "../error-response.ts";
import { isErrorFromAuth } from "../errors.ts";
import type { HttpAnswer } from "./exchange/exchange.ts";

/**
 * The answer to an error of this library; undefined when it is not one that a client should see. Touches no cookie: only the
 * session routes clear them.
 *
 * @param policy undefined where no instance is known
 */
export function answerError(error: unknown, policy: ResponsePolicy | undefined): HttpAnswer | undefined {
  const response = isErrorFromAuth(error) ? respondTo(error, policy) : undefined;
  return response === undefined ? undefined : toAnswer(response);
}

const toAnswer = ({ status, headers, message }: ErrorResponse): HttpAnswer => ({
  status,
  headers,
  body: message === undefined ? undefined : { message },
});

/** Sends a browser on by GET, to a path of this origin. */
export const redirect = (location: string): HttpAnswer => ({
  status: 303,
  headers: { location, "cache-control": "no-store" },
  body: undefined,
});
