import { type ErrorResponse, type ResponsePolicy, respondTo } from "../error-response.ts";
import { isErrorFromAuth } from "../errors.ts";
import type { HttpResponse } from "./exchange/exchange.ts";

/**
 * @returns the response to an error of this library; undefined if clients should not see the error.
 * Cookies stay: only the session routes clear them
 *
 * @param policy undefined if no instance is known
 */
export function respondToError(error: unknown, policy: ResponsePolicy | undefined): HttpResponse | undefined {
  const response = isErrorFromAuth(error) ? respondTo(error, policy) : undefined;
  return response === undefined ? undefined : toHttpResponse(response);
}

const toHttpResponse = ({ status, headers, message, details }: ErrorResponse): HttpResponse => ({
  status,
  headers,
  body: message === undefined ? undefined : { message, ...details },
});

/** Redirects a browser by GET to a path of this origin. */
export const redirect = (location: string): HttpResponse => ({
  status: 303,
  headers: { location, "cache-control": "no-store" },
  body: undefined,
});
