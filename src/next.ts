/**
 * Sessions in Next.js 15 and 16: route handlers, proxy (formerly middleware), server components.
 *
 * @module
 */
import { cookies, headers } from "next/headers.js";
import { NextResponse } from "next/server.js";
import type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { protect, responseTo } from "./lib/http/adapters/adapter-calls.ts";
import * as checked from "./lib/http/check-options.ts";
import { refusePresented } from "./lib/http/csrf.ts";
import { httpOf, type InstanceOption } from "./lib/http/adapters/instance-option.ts";
import { unlessNotOurs } from "./lib/http/outcomes.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";
import type { RequestSession } from "./lib/http/request-session.ts";
import { closeWebExchange, openWebExchange } from "./lib/http/exchange/web-exchange.ts";
import * as actions from "./lib/http/adapters/next-actions.ts";
import * as next from "./lib/http/adapters/next-request.ts";
import { respondToRoute } from "./lib/http/routes.ts";
import { type SignIn, type WithoutInstance, bindTo } from "./lib/http/adapters/request-calls.ts";
import { type BoundHandlers, HANDLERS, type WebOptions, withSessions } from "./lib/http/adapters/web-handlers.ts";

/** A session in a server component or a server action, where no cookie can be set. */
export type ServerSession<Claims = unknown, Data = unknown, Id extends UserId = UserId> = Pick<
  RequestSession<Claims, Data, Id>,
  "getUserId" | "getHandle" | "getJWTPayload" | "getSessionData" | "updateSessionData"
>;

/**
 * Makes the proxy: `proxy.ts`, or `middleware.ts` with the Node.js runtime before Next 16. It
 * answers the session routes, and refreshes sessions for server components. A page load with an
 * expired access token is refreshed, or redirected through the refresh route and back. Requests for
 * data and server actions get 401, so the browser refreshes.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { sessionsFor } from "counterfoil/next";
 * import { createSessions } from "counterfoil";
 *
 * const { sessionProxy } = sessionsFor(createSessions());
 * export const proxy = sessionProxy();
 * ```
 */
export function sessionProxy(options: WebOptions = {}): (request: Request) => Promise<Response> {
  checked.checkRouteOptions(options, "sessionProxy", "ip");
  return async (request) => {
    const exchange = openWebExchange(request, () => options.ip?.(request));
    try {
      const httpResponse = await respondToRoute(httpOf(options), exchange, options);
      if (httpResponse !== undefined) return closeWebExchange(exchange, next.toNextResponse(httpResponse, request));
      // All posts, because an action that is posted as a plain form looks like any other form.
      refusePresented(httpOf(options), exchange);
      const seen = { at: httpOf(options).session.now(), session: await next.prepareRender(exchange, httpOf(options)) };
      const passed = next.passOn(exchange, request.headers, httpOf(options), seen);
      return closeWebExchange(exchange, NextResponse.next({ request: { headers: passed } }), next.NOT_PASSED_ON);
    } catch (error) {
      const httpResponse = responseTo(error, options);
      if (httpResponse === undefined) throw error;
      return closeWebExchange(exchange, next.toNextResponse(httpResponse, request));
    }
  };
}

/**
 * Makes route handlers for the session routes, for apps without the proxy:
 * `app/session/[...path]/route.ts`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { sessionsFor } from "counterfoil/next";
 * import { createSessions } from "counterfoil";
 *
 * const { sessionRoutes } = sessionsFor(createSessions());
 * export const { GET, POST } = sessionRoutes();
 * ```
 */
export function sessionRoutes(
  options: WebOptions = {},
): Readonly<Record<"GET" | "POST" | "OPTIONS", (request: Request) => Promise<Response>>> {
  const handle = withSessions(() => new Response(null, { status: 404 }), options);
  return { GET: handle, POST: handle, OPTIONS: handle };
}

/**
 * Returns the session in a server component or a server action; undefined if nobody is signed in.
 * With `sessionProxy()` an expired session has been refreshed before. In route handlers use
 * `verifySession` or `withSessions`, which check the anti-CSRF token too.
 *
 * @throws SessionError `STORE_UNAVAILABLE`; `STEP_UP_REQUIRED` if the sign-in is older than
 *   `maxAuthAge`; `CSRF_REFUSED`, which Next answers with 403
 * @example
 * ```ts
 * import { sessionsFor } from "counterfoil/next";
 * import { createSessions } from "counterfoil";
 *
 * const { getServerSession } = sessionsFor(createSessions());
 * export default async function Page() {
 *   const session = await getServerSession();
 *   return session === undefined ? "Please sign in" : `Hello ${session.getUserId()}`;
 * }
 * ```
 */
export async function getServerSession(options: VerifySessionOptions = {}): Promise<ServerSession | undefined> {
  checked.checkProtectOptions(options, "getSession");
  const sent = await headers();
  next.refuseSent(httpOf(options), sent);
  if (actions.isSignedOut(httpOf(options), sent)) return undefined;
  const exchange = await next.openSent(httpOf(options), sent);
  // Never as a page: no cookie can be set here, so the tokens of a refresh would be lost.
  const demanded = { ...options, sessionRequired: false, page: false };
  return unlessNotOurs(async () => protect(httpOf(options), exchange, demanded, true));
}

/**
 * Signs a user in, in a server action: starts a session, sets its cookies, and revokes the session
 * that the request carried. The page that Next renders behind the action knows the user. In route
 * handlers use `createNewSession`.
 *
 * @returns the new session
 * @throws SessionError as `createNewSession`
 * @throws ConfigError for a detail that is unknown or of the wrong type
 * @throws Error of Next in a server component, where no cookie can be set
 * @example
 * ```ts
 * "use server";
 * import { createServerSession } from "counterfoil/next";
 *
 * export async function signIn(form: FormData) {
 *   await createServerSession(String(form.get("user"))); // after your check of the password
 * }
 * ```
 */
export async function createServerSession(userId: UserId, details: SignInDetails = {}): Promise<RequestSession> {
  return actions.startInAction([await headers(), await cookies()], userId, details);
}

/**
 * Signs the user out, in a server action: revokes the session and clears the cookies, also those of
 * a session that has ended.
 *
 * @returns whether there was a session
 * @throws SessionError `CSRF_REFUSED`; `STORE_UNAVAILABLE` and the like, and then nothing is
 *   cleared
 */
export async function signOutServerSession(options: InstanceOption = {}): Promise<boolean> {
  return actions.signOutInAction([await headers(), await cookies()], options);
}

/** The functions of this module, bound to an instance and with its types. */
export interface BoundSessions<Claims, Data, Id extends UserId> extends BoundHandlers<Claims, Data, Id> {
  /** As `sessionProxy` of this module. @throws ConfigError the same */
  readonly sessionProxy: (options?: WithoutInstance<WebOptions>) => ReturnType<typeof sessionProxy>;
  /** As `sessionRoutes` of this module. @throws ConfigError the same */
  readonly sessionRoutes: (options?: WithoutInstance<WebOptions>) => ReturnType<typeof sessionRoutes>;
  /** As `getServerSession` of this module. @throws SessionError the same */
  readonly getServerSession: (
    options?: WithoutInstance<VerifySessionOptions<Claims>>,
  ) => Promise<ServerSession<Claims, Data, Id> | undefined>;
  /** As `createServerSession` of this module. @throws SessionError the same */
  readonly createServerSession: SignIn<[], Claims, Data, Id>;
  /** As `signOutServerSession` of this module. @throws SessionError the same */
  readonly signOutServerSession: () => Promise<boolean>;
}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/next";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { getServerSession, verifySession, createNewSession } = sessionsFor(sessions);
 * ```
 */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> =>
  bindTo<BoundSessions<Claims, Data, Id>>(sessions, {
    ...HANDLERS,
    sessionProxy: [sessionProxy, 0],
    sessionRoutes: [sessionRoutes, 0],
    getServerSession: [getServerSession, 0],
    createServerSession: [createServerSession, 1],
    signOutServerSession: [signOutServerSession, 0],
  });

export type { InstanceOption, RequestSession, SignInDetails, SessionRoutesOptions, VerifySessionOptions, WebOptions };
export {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  sessionOf,
  signOut,
} from "./lib/http/adapters/web-calls.ts";
export { verifySession, withSessions } from "./lib/http/adapters/web-handlers.ts";
