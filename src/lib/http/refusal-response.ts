import { type ResponsePolicy, respondTo } from "../error-response.ts";
import { isErrorFromAuth, setResponse } from "../errors.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

const policies = new WeakMap<object, ResponsePolicy>();

/**
 * Ties an error to the response of its instance. If an error handler responds with that status and
 * without these headers, they are added: clients refresh by `WWW-Authenticate`, and most handlers
 * use only the status of an error.
 */
export function setRefusalResponse(error: unknown, exchange: HttpExchange, policy: ResponsePolicy): void {
  const response = isErrorFromAuth(error) ? respondTo(error, policy) : undefined;
  if (response === undefined || !isErrorFromAuth(error)) return;
  setResponse(error, response);
  policies.set(error, policy);
  exchange.beforeHead((head) => {
    if (head.status !== response.status) return;
    for (const [name, value] of Object.entries(response.headers))
      if (head.get(name) === undefined) head.set(name, value);
  });
}

/** The options of the instance of an error that an adapter's function threw. */
export const policyOfError = (error: object): ResponsePolicy | undefined => policies.get(error);
