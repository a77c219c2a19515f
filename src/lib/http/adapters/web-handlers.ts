/** Handlers of Web requests, shared by the frameworks whose routes are such functions. */
import * as calls from "./adapter-calls.ts";
import type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./adapter-calls.ts";
import { checkProtectOptions, checkRouteOptions } from "../check-options.ts";
import { httpOf, type InstanceOption } from "./instance-option.ts";
import type { RequestSession } from "../request-session.ts";
import type { UserId } from "../../session/user-id.ts";
import { closeWebExchange, exchangeOf, findExchange, openWebExchange, toResponse } from "../exchange/web-exchange.ts";
import { answerRoute } from "../routes.ts";

/** Options of handlers of Web requests. */
export interface WebOptions extends SessionRoutesOptions {
  /** The client's address, which a Web request does not tell; for the list of devices. Default: unknown. */
  readonly ip?: (request: Request) => string | undefined;
}

/** Answers a request; `Rest` is what the platform gives beside it, for instance an environment. */
export type Handler<Rest extends readonly unknown[] = []> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

const WRAPPER = "withSessions(handler) or verifySession(handler)";

/**
 * A handler around yours: it answers the ready routes (refresh, sign-out, own devices, JWKS), CORS for `http.trustedOrigins`, and the
 * errors of this library, and puts cookies on the response. Give it the handler of the whole app, or of one route.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * export default {
 *   fetch: withSessions(async (request) => {
 *     const session = await getSession(request); // a refusal is answered for you
 *     return Response.json({ user: session?.getUserId() });
 *   }),
 * };
 * ```
 */
export function withSessions<Rest extends readonly unknown[] = []>(
  handler: Handler<Rest>,
  options: WebOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkRouteOptions(options, "withSessions", "ip");
  return (request, ...rest) => serve(request, options, () => handler(request, ...rest));
}

/**
 * A handler for one route that needs a session. It works alone as well as inside `withSessions`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * const like = verifySession((request, session) => Response.json({ by: session?.getUserId() }));
 * ```
 */
export function verifySession<Rest extends readonly unknown[] = []>(
  handler: (request: Request, session: RequestSession | undefined, ...rest: Rest) => Response | Promise<Response>,
  options: VerifySessionOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkProtectOptions(options, "verifySession");
  const { sessions } = options;
  return (request, ...rest) =>
    serve(request, sessions === undefined ? {} : { sessions }, async () =>
      handler(request, await calls.protect(exchangeOf(request, WRAPPER), options), ...rest),
    );
}

async function serve(
  request: Request,
  options: WebOptions,
  run: () => Response | Promise<Response>,
): Promise<Response> {
  // Mounted below another one, which will put the cookies on and answer errors.
  if (findExchange(request) !== undefined) return run();
  const exchange = openWebExchange(request, () => options.ip?.(request));
  try {
    const answer = await answerRoute(httpOf(options), exchange, options);
    return closeWebExchange(exchange, answer === undefined ? await run() : toResponse(answer));
  } catch (error) {
    const answer = calls.answerTo(error, options);
    if (answer === undefined) throw error;
    return closeWebExchange(exchange, toResponse(answer));
  }
}

/**
 * Signs a user in: a new session, its tokens on the response, and the end of the session that the request carried.
 *
 * @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED`; `RESPONSE_ALREADY_SENT`
 */
export async function createNewSession<Claims = unknown, Data = unknown>(
  request: Request,
  userId: UserId,
  details: SignInDetails<Claims, Data> = {},
): Promise<RequestSession<Claims, Data>> {
  return calls.start(exchangeOf(request, WRAPPER), userId, details);
}

/** The session of a request. Undefined only with `sessionRequired: false`. @throws SessionError as `getSession` of the package root; `CSRF_REFUSED` */
export async function getSession<Claims = unknown, Data = unknown>(
  request: Request,
  options: VerifySessionOptions = {},
): Promise<RequestSession<Claims, Data> | undefined> {
  return calls.protectOnce(exchangeOf(request, WRAPPER), options);
}

/** Refreshes the session of a request, for a refresh route of one's own. @throws SessionError as `refreshSession` of the package root */
export const refreshSession = async (request: Request, options: InstanceOption = {}): Promise<RequestSession> =>
  calls.refresh(exchangeOf(request, WRAPPER), options);
