/**
 * The response to an error of this library. The session routes and other error handlers share this
 * rule.
 */
import { HEADERS, MESSAGES, REFRESH_CHALLENGE } from "../protocol.ts";
import { ERROR_TYPES, ERRORS, type ErrorCode, type ErrorType } from "./error-types.ts";

/** The facts that decide about the response to an error. */
export interface ErrorFacts {
  readonly errType: ErrorType;
  readonly code: ErrorCode;
  readonly detail: string;
  /** The URL to which a page load is redirected. */
  readonly location?: string;
  /** Greatest age of the sign-in, in ms. */
  readonly maxAuthAge?: number | undefined;
  /** The methods that the sign-in must have used. */
  readonly amr?: readonly string[] | undefined;
  /** The name of the claim that is missing. */
  readonly claim?: string;
}

/** Options that change responses. */
export interface ResponsePolicy {
  readonly diagnostics: boolean;
  readonly sessionExpiredStatus: number;
  readonly supertokens: boolean;
}

export interface ErrorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `message` of the JSON body; undefined: no body. */
  readonly message: string | undefined;
  /** Further members of the body. */
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Used if the options of an instance are unknown. */
const DEFAULT_POLICY: ResponsePolicy = { diagnostics: false, sessionExpiredStatus: 401, supertokens: false };

/** Content type of a response with a body. */
export const JSON_TYPE = "application/json; charset=utf-8";

const UNAVAILABLE = 503;
/** The status of general errors that the app has to handle: wrong calls and a wrong config. */
const APPS_OWN = 500;

const RETRY_AFTER = { "retry-after": "1" } as const;

/** @returns the response to an error; undefined if the app has to handle the error */
export function respondTo(facts: ErrorFacts, policy: ResponsePolicy = DEFAULT_POLICY): ErrorResponse | undefined {
  const response = respondByKind(facts, policy);
  if (response === undefined || !policy.diagnostics) return response;
  return { ...response, headers: { ...response.headers, [HEADERS.reason]: facts.code } };
}

/** Whether the request caused an error, as opposed to the app, the config or the store. */
export const isRefusal = ({ errType, code }: Pick<ErrorFacts, "errType" | "code">): boolean =>
  errType !== ERROR_TYPES.GENERAL_ERROR || ERRORS[code].status < APPS_OWN;

/**
 * Further members of the body for clients. SuperTokens web clients read which claims are invalid
 * from one of their own.
 */
export function detailsOf(
  { claim }: Pick<ErrorFacts, "claim">,
  { supertokens }: Pick<ResponsePolicy, "supertokens"> = DEFAULT_POLICY,
): Readonly<Record<string, unknown>> | undefined {
  if (claim === undefined) return undefined;
  return supertokens
    ? { claim, claimValidationErrors: [{ id: claim, reason: { message: MESSAGES.claim } }] }
    : { claim };
}

/** The message for clients; undefined if clients get none. */
export function messageOf({ errType, code }: Pick<ErrorFacts, "errType" | "code">): string | undefined {
  switch (errType) {
    case ERROR_TYPES.UNAUTHORISED:
      return MESSAGES.unauthorised;
    case ERROR_TYPES.TRY_REFRESH_TOKEN:
      return MESSAGES.tryRefreshToken;
    case ERROR_TYPES.RETRY:
      return MESSAGES.retry;
    case ERROR_TYPES.TOKEN_THEFT_DETECTED:
      return MESSAGES.theft;
    case ERROR_TYPES.STEP_UP_REQUIRED:
      return MESSAGES.stepUp;
    case ERROR_TYPES.GENERAL_ERROR:
      if (code === "CLAIM_REQUIRED") return MESSAGES.claim;
      if (code === "ACTOR_REFUSED") return MESSAGES.actor;
      if (code === "CSRF_REFUSED") return MESSAGES.csrf;
      if (code === "TRANSPORT_REFUSED") return MESSAGES.transport;
      if (code === "TRANSPORT_CONFLICT") return MESSAGES.conflict;
      return ERRORS[code].status === UNAVAILABLE ? MESSAGES.unavailable : undefined;
  }
}

function respondByKind(facts: ErrorFacts, policy: ResponsePolicy): ErrorResponse | undefined {
  const message = messageOf(facts);
  if (message === undefined) return undefined;
  const respond = (status: number, headers: Readonly<Record<string, string>> = {}): ErrorResponse => ({
    status,
    headers: { ...headers, "cache-control": "no-store" },
    message,
    details: detailsOf(facts, policy),
  });
  const { sessionExpiredStatus: expired } = policy;
  switch (facts.errType) {
    case ERROR_TYPES.TRY_REFRESH_TOKEN:
      if (facts.location !== undefined) return { ...respond(303, { location: facts.location }), message: undefined };
      return respond(expired, challenge(facts, policy));
    case ERROR_TYPES.UNAUTHORISED:
    case ERROR_TYPES.TOKEN_THEFT_DETECTED:
      return respond(expired, challenge(facts, policy));
    case ERROR_TYPES.STEP_UP_REQUIRED: {
      // RFC 9470 3
      const maxAge = facts.maxAuthAge === undefined ? "" : `, max_age="${Math.floor(facts.maxAuthAge / 1000)}"`;
      // Of our own making: `acr_values` is for classes, not for methods.
      const amr = facts.amr === undefined ? "" : `, amr_values="${facts.amr.join(" ")}"`;
      // SuperTokens web clients refresh and repeat without end on a status that no refresh solves.
      const status = policy.supertokens && expired === 401 ? 403 : 401;
      return respond(status, { "www-authenticate": `Bearer error="${MESSAGES.stepUp}"${maxAge}${amr}` });
    }
    case ERROR_TYPES.RETRY:
      return respond(409, RETRY_AFTER);
    case ERROR_TYPES.GENERAL_ERROR: {
      const { status } = ERRORS[facts.code];
      return status === UNAVAILABLE ? respond(status, RETRY_AFTER) : respond(status);
    }
  }
}

function challenge({ code, detail }: ErrorFacts, { diagnostics }: ResponsePolicy): Record<string, string> {
  // RFC 6750 3.1: no error code if the request had no credential.
  if (code === "ACCESS_TOKEN_MISSING" || code === "REFRESH_TOKEN_MISSING")
    return { "www-authenticate": `Bearer ${REFRESH_CHALLENGE}` };
  const refused = `Bearer ${REFRESH_CHALLENGE}, error="invalid_token"`;
  // The sentences contain no quote and no token, but would tell a thief about the detection.
  return { "www-authenticate": diagnostics ? `${refused}, error_description="${detail}"` : refused };
}
