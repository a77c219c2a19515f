import { HEADERS, MESSAGES, REFRESH_CHALLENGE } from "../../protocol.ts";
import type { HttpPolicy } from "../config/policy.ts";
import {
  type ErrorCode,
  ERROR_TYPES,
  isErrorFromAuth,
  RefreshRedirectError,
  type SessionError,
  StepUpError,
} from "../errors.ts";
import type { HttpAnswer } from "./exchange.ts";

/** General errors that are an outage of ours; the others are faults of the app's own calls, and stay its own. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set([
  "STORE_UNAVAILABLE",
  "STORE_UNSUITABLE",
  "DRIVER_MISSING",
  "CLOSED",
  "SECRET_MISMATCH",
  "SCHEMA_MISSING",
  "SCHEMA_TOO_NEW",
]);

const RETRY_AFTER_SECONDS = "1";

type AnswerPolicy = Pick<HttpPolicy, "diagnostics" | "sessionExpiredStatus" | "supertokens">;

/**
 * The answer to an error of this library; undefined when it is not one that a client should see. Touches no cookie: only the
 * session routes clear them.
 */
export function answerError(error: unknown, policy: AnswerPolicy): HttpAnswer | undefined {
  if (!isErrorFromAuth(error)) return undefined;
  const answer = answerKind(error, policy);
  if (answer === undefined || !policy.diagnostics) return answer;
  return { ...answer, headers: { ...answer.headers, [HEADERS.reason]: error.code } };
}

function answerKind(error: SessionError, policy: AnswerPolicy): HttpAnswer | undefined {
  const expired = policy.sessionExpiredStatus;
  switch (error.errType) {
    case ERROR_TYPES.TRY_REFRESH_TOKEN:
      if (error instanceof RefreshRedirectError) return redirect(error.location);
      return refuse(expired, MESSAGES.tryRefreshToken, { "www-authenticate": challenge(error, policy) });
    case ERROR_TYPES.UNAUTHORISED:
      return refuse(expired, MESSAGES.unauthorised, { "www-authenticate": challenge(error, policy) });
    case ERROR_TYPES.TOKEN_THEFT_DETECTED:
      return refuse(expired, MESSAGES.theft, { "www-authenticate": challenge(error, policy) });
    case ERROR_TYPES.STEP_UP_REQUIRED: {
      // RFC 9470 3
      const maxAge = error instanceof StepUpError ? `, max_age="${Math.floor(error.maxAuthAge / 1000)}"` : "";
      // SuperTokens web clients refresh and repeat for ever on a status that no refresh cures.
      const status = policy.supertokens && expired === 401 ? 403 : 401;
      return refuse(status, MESSAGES.stepUp, { "www-authenticate": `Bearer error="${MESSAGES.stepUp}"${maxAge}` });
    }
    case ERROR_TYPES.RETRY:
      return refuse(409, MESSAGES.retry, { "retry-after": RETRY_AFTER_SECONDS });
    case ERROR_TYPES.GENERAL_ERROR:
      if (error.code === "CSRF_REFUSED") return refuse(403, MESSAGES.csrf, {});
      if (error.code === "TRANSPORT_REFUSED") return refuse(403, MESSAGES.transport, {});
      return OUTAGES.has(error.code)
        ? refuse(503, MESSAGES.unavailable, { "retry-after": RETRY_AFTER_SECONDS })
        : undefined;
  }
}

function challenge({ code, detail }: SessionError, { diagnostics }: AnswerPolicy): string {
  // RFC 6750 3.1: no error code where no credential came.
  if (code === "ACCESS_TOKEN_MISSING" || code === "REFRESH_TOKEN_MISSING") return `Bearer ${REFRESH_CHALLENGE}`;
  const refused = `Bearer ${REFRESH_CHALLENGE}, error="invalid_token"`;
  // The sentences hold no quote and no token, but a thief would read in them that he was noticed.
  return diagnostics ? `${refused}, error_description="${detail}"` : refused;
}

/** Sends a browser on by GET, to a path of this origin. */
export const redirect = (location: string): HttpAnswer => ({
  status: 303,
  headers: { location, "cache-control": "no-store" },
  body: undefined,
});

function refuse(status: number, message: string, headers: Readonly<Record<string, string>>): HttpAnswer {
  return { status, headers: { ...headers, "cache-control": "no-store" }, body: { message } };
}
