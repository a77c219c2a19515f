import { cutText } from "./cut-text.ts";
import {
  detailsOf,
  type ErrorFacts,
  type ErrorResponse,
  isRefusal,
  JSON_TYPE,
  messageOf,
  respondTo,
} from "./error-response.ts";
import { type CodeOf, ERROR_TYPES, type ErrorCode, type ErrorType } from "./error-types.ts";
import { type GraphqlExtensions, graphqlExtensionsOf } from "./graphql-extensions.ts";

export { type CodeOf, ERROR_TYPES, type ErrorCode, type ErrorType };

// Shared by every copy of the package in a process, so that `isErrorFromAuth` also knows errors of
// another copy.
const BRAND: unique symbol = Symbol.for("counterfoil.error") as never;

/**
 * An error of this library. Its message and fields never hold a token, a cookie or a secret.
 *
 * `message` may go to the client: for an error that a request caused it is a text such as
 * `unauthorised`, without the reason. As JSON such an error is the body of that response. Log
 * `code` and `detail`.
 *
 * Any error handler can answer it: Express, Koa, Fastify and NestJS read `status`, `statusCode`,
 * `headers` and `expose`, as the package http-errors sets them.
 *
 * @example
 * ```ts
 * import { AuthError, getSession } from "counterfoil";
 *
 * try {
 *   await getSession(accessToken, antiCsrfToken, { antiCsrf: "required" });
 * } catch (err) {
 *   if (AuthError.isErrorFromAuth(err) && err.errType === AuthError.TRY_REFRESH_TOKEN) {
 *     // answer 401; the browser calls the refresh route and tries again
 *   }
 * }
 * ```
 */
export class SessionError extends Error {
  /** The kind, one of the numbers in `Error`. It decides what the app does. */
  readonly errType: ErrorType;
  /** The exact reason, for logs. docs/errors.md explains each code. */
  readonly code: ErrorCode;
  /**
   * Where the package explains the code, for instance `docs/errors.md#store_unavailable`. For logs.
   */
  readonly docs: string;
  /** The reason as a sentence, for logs. Equal to `message` if no request caused the error. */
  readonly detail: string;
  /**
   * The status of the response, as the adapter's `errorHandler()` sends it: 400, 401, 403, 409 or
   * 503; 303 for a redirected page; 500 for errors that the app has to answer. An error of an
   * adapter's function respects options such as `http.sessionExpiredStatus`.
   */
  readonly status: number;
  /** The same as `status`. */
  readonly statusCode: number;
  /**
   * The headers of that response, by lower-case names: `www-authenticate` (RFC 6750 3), which tells
   * clients to refresh, `retry-after`, `cache-control`, `location`. Empty with status 500.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** Always false: error handlers then send the text of the status in place of `message`. */
  readonly expose: boolean;
  /** @internal */
  readonly [BRAND] = true;

  constructor(errType: ErrorType, code: ErrorCode, detail: string, options: ErrorOptions & Told = {}) {
    const { cause, name = "SessionError", ...told } = options;
    const facts = { errType, code, detail, ...told };
    super((isRefusal(facts) ? messageOf(facts) : undefined) ?? detail, cause === undefined ? {} : { cause });
    this.name = name;
    this.errType = errType;
    this.code = code;
    this.docs = `docs/errors.md#${code.toLowerCase()}`;
    this.detail = detail;
    const response = respondTo(facts);
    this.status = response?.status ?? 500;
    this.statusCode = this.status;
    this.headers = response?.headers ?? {};
    this.expose = false;
    if (response === undefined) {
      // In the format of Node's own errors.
      this.stack = `${name} [${code}]: ${this.message}${framesOf(this)}`;
      return;
    }
    // Express without an error handler sends the stack outside production; `detail` and `cause` say
    // more.
    this.stack = `${this.name}: ${this.message}`;
    // For Hono's own error handler. Not on errors of the app, which it must log.
    Object.defineProperty(this, "getResponse", { value: toResponse });
    // For `res.json(error)` and the like. Not on errors of the app either.
    Object.defineProperty(this, "toJSON", { value: toBody });
  }

  /**
   * For servers of GraphQL, if a resolver throws the error: they send `code` (`UNAUTHENTICATED`,
   * `FORBIDDEN`, `CONFLICT`, `BAD_REQUEST` or `SERVICE_UNAVAILABLE`) and respond with
   * `http.status`. Undefined with status 500.
   */
  get extensions(): GraphqlExtensions | undefined {
    return graphqlExtensionsOf(this);
  }
}

/** The additional fields of subclasses. */
interface Told extends Pick<ErrorFacts, "location" | "maxAuthAge" | "amr" | "claim"> {
  /** Set explicitly, because bundlers rename classes. */
  readonly name?: string;
}

/** The stack without the message, which may have several lines. */
function framesOf({ stack = "", message }: Error): string {
  const end = stack.indexOf(message) + message.length;
  return stack.slice(end);
}

/**
 * Sets the response of an error by the options of its instance.
 *
 * @param response from `respondTo`
 */
export function setResponse(error: SessionError, { status, headers }: ErrorResponse): void {
  Object.assign(error, { status, statusCode: status, headers: { ...headers } });
}

/** The body of the response; empty if it has none. */
function toBody(this: SessionError & Pick<ErrorFacts, "claim">): { readonly message?: string } {
  const message = this.status === 303 ? undefined : messageOf(this);
  return message === undefined ? {} : { message, ...detailsOf(this) };
}

function toResponse(this: SessionError): Response {
  const { status, headers } = this;
  const body = toBody.call(this);
  if (body.message === undefined) return new Response(null, { status, headers });
  return new Response(JSON.stringify(body), { status, headers: { ...headers, "content-type": JSON_TYPE } });
}

/**
 * Two parties presented refresh tokens of one session, so one of them stole its token. The session
 * is now revoked.
 */
export class TokenTheftError extends SessionError {
  /** The session that was revoked. */
  readonly sessionHandle: string;
  /** The user of the session, exactly as given to `createNewSession`. */
  readonly userId: string | number;
  /** The same two fields, where apps of supertokens-node-mysql-ref-jwt look for them. */
  readonly err: { readonly sessionHandle: string; readonly userId: string | number };

  constructor(sessionHandle: string, userId: string | number) {
    super(
      ERROR_TYPES.TOKEN_THEFT_DETECTED,
      "TOKEN_THEFT_DETECTED",
      `a superseded refresh token of session ${sessionHandle} was presented: two parties hold its tokens, and the session was revoked`,
      { name: "TokenTheftError" },
    );
    this.sessionHandle = sessionHandle;
    this.userId = userId;
    this.err = { sessionHandle, userId };
  }
}

/**
 * A page has to load again: through the refresh route because its access token has expired, or once
 * more because duplicate cookies were cleared.
 */
export class RefreshRedirectError extends SessionError {
  /** The path and query to redirect the browser to, on the same origin. */
  readonly location: string;

  constructor(location: string) {
    super(
      ERROR_TYPES.TRY_REFRESH_TOKEN,
      "REFRESH_REDIRECT",
      "the page has to be loaded again; answer 303 with err.location, or leave it to the adapter's error handling",
      { location, name: "RefreshRedirectError" },
    );
    this.location = location;
  }
}

/** The route demands a more recent or a stronger sign-in than the session has (RFC 9470). */
export class StepUpError extends SessionError {
  /** The greatest age of the sign-in that the route accepts, in ms; undefined: any age. */
  readonly maxAuthAge: number | undefined;
  /** The methods that the route demands of the sign-in (RFC 8176); undefined: any. */
  readonly amr: readonly string[] | undefined;

  constructor(maxAuthAge: number | undefined, amr?: readonly string[]) {
    const age = maxAuthAge === undefined ? [] : [`is at most ${Math.floor(maxAuthAge / 1000)} s old`];
    const methods = amr === undefined ? [] : [`used ${amr.join(" and ")}`];
    const facts = { ...(maxAuthAge === undefined ? {} : { maxAuthAge }), ...(amr === undefined ? {} : { amr }) };
    super(
      ERROR_TYPES.STEP_UP_REQUIRED,
      "STEP_UP_REQUIRED",
      `this needs a sign-in that ${[...age, ...methods].join(" and ")}`,
      { ...facts, name: "StepUpError" },
    );
    this.maxAuthAge = maxAuthAge;
    this.amr = amr;
  }
}

/** The claims of the session do not have what the route demands. */
export class ClaimError extends SessionError {
  /** The name of the claim that is missing or different, or what the route's function called it. */
  readonly claim: string;

  constructor(missing: string) {
    const claim = cutText(missing, MAX_CLAIM_NAME);
    super(ERROR_TYPES.GENERAL_ERROR, "CLAIM_REQUIRED", `the claims of the session do not suffice: ${claim}`, {
      claim,
      name: "ClaimError",
    });
    this.claim = claim;
  }
}

const MAX_CLAIM_NAME = 100;

/** One fault of a config, see {@link ConfigError}. */
export interface ConfigFault {
  /** The kind of fault. */
  readonly code: "UNKNOWN_OPTION" | "WRONG_TYPE" | "OUT_OF_RANGE" | "UNSAFE" | "CONTRADICTION" | "MISSING";
  /** The option, for instance `tokens.accessToken.validity`. */
  readonly path: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** The config cannot be used. */
export class ConfigError extends SessionError {
  /** Every fault of the config. */
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    super(
      ERROR_TYPES.GENERAL_ERROR,
      "CONFIG_INVALID",
      `config: ${faults.length > 1 ? "\n  " : ""}${faults.map((fault) => `${fault.path}: ${fault.message} [${fault.code}]`).join("\n  ")}`,
      { name: "ConfigError" },
    );
    this.faults = faults;
  }
}

export const generalError = (code: CodeOf<"GENERAL_ERROR">, detail: string, cause?: unknown): SessionError =>
  new SessionError(ERROR_TYPES.GENERAL_ERROR, code, detail, cause === undefined ? undefined : { cause });

export const unauthorised = (code: CodeOf<"UNAUTHORISED">, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.UNAUTHORISED, code, detail);

export const tryRefreshToken = (code: CodeOf<"TRY_REFRESH_TOKEN">, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.TRY_REFRESH_TOKEN, code, detail);

export const retryLater = (code: CodeOf<"RETRY">, detail: string): SessionError =>
  new SessionError(ERROR_TYPES.RETRY, code, detail);

/**
 * Tells the errors of this library from others, also those of another copy of the package.
 *
 * @returns whether `value` is an error of this library
 * @example
 * ```ts
 * if (AuthError.isErrorFromAuth(err)) console.warn(err.errType, err.code);
 * ```
 */
export function isErrorFromAuth(value: unknown): value is SessionError {
  try {
    return value instanceof Error && (value as Partial<SessionError>)[BRAND] === true;
  } catch {
    return false; // a proxy may throw at any touch
  }
}
