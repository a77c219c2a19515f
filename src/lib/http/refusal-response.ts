import { type ResponsePolicy, respondTo } from "../error-response.ts";
import { isErrorFromAuth, setResponse } from "../errors.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

const policies = new WeakMap<object, ResponsePolicy>();

/**
 * Makes an error say what its own instance would answer. If an error handler answers with that
 * status and without these headers, they are added: clients refresh by `WWW-Authenticate` alone,
 * and most handlers know no more of an error than its status. Any other status is left alone.
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

/** The options of the instance that an error came from, where an adapter's function threw it. */
export const policyOfError = (error: object): ResponsePolicy | undefined => policies.get(error);
