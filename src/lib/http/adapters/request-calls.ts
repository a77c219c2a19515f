/** The functions of each adapter, over the parameters that identify a request in its framework. */
import { type Awaitable, isLater } from "../../awaitable.ts";
import type { IsOptional } from "../../session/create-session.ts";
import type { UserId } from "../../session/user-id.ts";
import type { HttpExchange } from "../exchange/exchange.ts";
import type { ProtectOptions, StartDetails } from "../request-options.ts";
import type { RequestSession } from "../request-session.ts";
import type { RouteOptions } from "../routes.ts";
import { checkInstanceOption, checkProtectOptions, checkStartDetails } from "../check-options.ts";
import type { HttpContext } from "../context.ts";
import { protect, refresh, signOut, type SignInDetails, start, type VerifySessionOptions } from "./adapter-calls.ts";
import { findHttp, httpOf, type InstanceOption } from "./instance-option.ts";
import { findAttachedSession, forget, attachedSession, note } from "./attached-sessions.ts";

/** Options of a route that needs a session, as routes do by default. */
export type NeedsSession<Options> = Options & { readonly sessionRequired?: true };

/** Signs a user in. The details are optional if the types of claims and data allow `{}`. */
export type SignIn<Request extends readonly unknown[], Claims, Data, Id extends UserId> = (
  ...parameters: IsOptional<StartDetails<Claims, Data>> extends true
    ? [...request: Request, userId: Id, details?: StartDetails<Claims, Data>]
    : [...request: Request, userId: Id, details: StartDetails<Claims, Data>]
) => Promise<RequestSession<Claims, Data, Id>>;

/** Returns the session of a request; undefined only with `sessionRequired: false`. */
export interface GetSession<Request extends readonly unknown[], Session, Options = ProtectOptions> {
  (...parameters: [...request: Request, options?: NeedsSession<Options>]): Promise<Session>;
  (...parameters: [...request: Request, options: Options]): Promise<Session | undefined>;
}

/** Options without the instance, which is bound. */
export type WithoutInstance<Options> = Omit<Options, "sessions">;

/** The functions for a request, bound to an instance and with its types. */
export interface BoundCalls<Request extends readonly unknown[], Claims, Data, Id extends UserId> {
  /** Signs a user in, as `createNewSession` of this module. @throws SessionError the same */
  readonly createNewSession: SignIn<Request, Claims, Data, Id>;
  /**
   * Returns the session of a request, as `getSession` of this module. @throws SessionError the same
   */
  readonly getSession: GetSession<Request, RequestSession<Claims, Data, Id>, ProtectOptions<Claims>>;
  /**
   * Refreshes the session of a request, as `refreshSession` of this module.
   *
   * @throws SessionError the same
   */
  readonly refreshSession: (...request: Request) => Promise<RequestSession<Claims, Data, Id>>;
  /**
   * Signs the user of a request out, as `signOut` of this module. @throws SessionError the same
   */
  readonly signOut: (...request: Request) => Promise<boolean>;
  /**
   * Returns the session that a check of this instance found. @throws SessionError
   * `SESSION_NOT_VERIFIED` if none did
   */
  readonly sessionOf: (request: Request[0]) => RequestSession<Claims, Data, Id>;
  /** Returns the same session, or undefined; for routes with `sessionRequired: false`. */
  readonly findSession: (request: Request[0]) => RequestSession<Claims, Data, Id> | undefined;
}

/** As `SignIn`. If the call names an instance, its types apply to the details. */
export type UnboundSignIn<Request extends readonly unknown[]> = <
  Claims = unknown,
  Data = unknown,
  Id extends UserId = UserId,
>(
  ...parameters: [...request: Request, userId: NoInfer<Id>, details?: SignInDetails<Claims, Data, Id>]
) => Promise<RequestSession>;

/**
 * The same functions for the default instance or the one in their options, whose types are unknown.
 */
export interface UnboundCalls<Request extends readonly unknown[]> {
  readonly createNewSession: UnboundSignIn<Request>;
  readonly getSession: GetSession<Request, RequestSession, VerifySessionOptions>;
  readonly refreshSession: (...parameters: [...request: Request, options?: InstanceOption]) => Promise<RequestSession>;
  readonly signOut: (...parameters: [...request: Request, options?: InstanceOption]) => Promise<boolean>;
  readonly sessionOf: (request: Request[0], options?: InstanceOption) => RequestSession;
  readonly findSession: (request: Request[0], options?: InstanceOption) => RequestSession | undefined;
}

/** A function of an adapter, and the index of its options among its parameters. */
export type Bindable = readonly [call: (...parameters: never[]) => unknown, options: number];

/** The result of `createRequestCalls`: the functions, and the list from which they are bound. */
export interface RequestCalls<Request extends readonly unknown[]> extends UnboundCalls<Request> {
  /**
   * Lets a request pass if it has a session, with options that were checked earlier. It returns or
   * throws synchronously if nothing has to be awaited.
   */
  readonly verify: (options: VerifySessionOptions, ...request: Request) => Awaitable<RequestSession | undefined>;
  readonly bindables: Readonly<Record<keyof UnboundCalls<Request>, Bindable>>;
}

/** The middleware of most frameworks, bound to an instance. */
export interface BoundMiddleware<Middleware, Claims> {
  /** As `sessionRoutes` of this module. @throws ConfigError the same */
  readonly sessionRoutes: (options?: RouteOptions) => Middleware;
  /** As `verifySession` of this module. @throws ConfigError the same */
  readonly verifySession: (options?: ProtectOptions<Claims>) => Middleware;
}

/** A request of a framework. */
export interface Opened {
  readonly exchange: HttpExchange;
  /** The object that identifies the request for routes. */
  readonly request: object;
}

/** Puts the session where routes of the framework expect it. */
export type Leave = (request: never, session: RequestSession | undefined) => void;

/**
 * @param open takes the parameters that identify a request; the others follow them
 * @param count how many these are
 */
export function createRequestCalls<Request extends readonly unknown[]>(
  open: (...request: Request) => Opened,
  leave: Leave,
  count: Request["length"],
): RequestCalls<Request> {
  const leaveOn = leave as (request: object, session: RequestSession | undefined) => void;

  function attachSession<T extends RequestSession | undefined>(http: HttpContext, request: object, session: T): T {
    leaveOn(request, session);
    if (session !== undefined) note(request, http, session);
    return session;
  }

  /**
   * Before a check: removes the session that another instance or middleware left on the request, so
   * that a refusal leaves none.
   */
  function begin({ request }: Opened, options: InstanceOption): HttpContext {
    const http = findHttp(options);
    forget(request, http);
    return http ?? httpOf(options);
  }

  function check(
    opened: Opened,
    options: VerifySessionOptions,
    isOnItsWay: boolean,
  ): Awaitable<RequestSession | undefined> {
    const http = begin(opened, options);
    const found = protect(http, opened.exchange, options, isOnItsWay);
    return isLater(found)
      ? found.then((session) => attachSession(http, opened.request, session))
      : attachSession(http, opened.request, found);
  }

  const openClean = (parameters: readonly unknown[]): Opened => {
    const opened = open(...(parameters as unknown as Request));
    leaveOn(opened.request, undefined);
    return opened;
  };

  const calls: UnboundCalls<Request> = {
    async createNewSession(...parameters: readonly unknown[]) {
      const opened = openClean(parameters);
      const [userId, details = {}] = parameters.slice(count) as [UserId, SignInDetails?];
      checkStartDetails(details);
      const http = begin(opened, details);
      return attachSession(http, opened.request, await start(http, opened.exchange, userId, details));
    },
    async getSession(...parameters: readonly unknown[]) {
      const opened = openClean(parameters);
      const [options = {}] = parameters.slice(count) as [VerifySessionOptions?];
      checkProtectOptions(options, "getSession");
      // With `sessionRequired: false` the caller's types include undefined.
      return check(opened, options, false) as Awaitable<RequestSession>;
    },
    async refreshSession(...parameters: readonly unknown[]) {
      const opened = openClean(parameters);
      const [options = {}] = parameters.slice(count) as [InstanceOption?];
      checkInstanceOption(options, "refreshSession");
      const http = begin(opened, options);
      return attachSession(http, opened.request, await refresh(http, opened.exchange));
    },
    async signOut(...parameters: readonly unknown[]) {
      const opened = openClean(parameters);
      const [options = {}] = parameters.slice(count) as [InstanceOption?];
      checkInstanceOption(options, "signOut");
      return signOut(begin(opened, options), opened.exchange);
    },
    sessionOf: (request, options) => attachedSession(request as object, options),
    findSession: (request, options) => findAttachedSession(request as object, options),
  };
  const bindables = {
    createNewSession: [calls.createNewSession, count + 1],
    getSession: [calls.getSession, count],
    refreshSession: [calls.refreshSession, count],
    signOut: [calls.signOut, count],
    sessionOf: [calls.sessionOf, 1],
    findSession: [calls.findSession, 1],
  } as const;
  return {
    ...calls,
    bindables,
    verify: (options, ...request) => check(openClean(request), options, true),
  };
}

/**
 * Binds the functions to an instance.
 *
 * @param functions by their public names
 */
export function bindTo<Bound>(
  sessions: InstanceOption["sessions"],
  functions: Readonly<Record<keyof Bound, Bindable>>,
): Bound {
  const bare = { sessions };
  const bind =
    ([call, at]: Bindable) =>
    (...parameters: unknown[]): unknown => {
      const given = parameters[at] as object | undefined;
      parameters[at] = given === undefined ? bare : { ...given, sessions };
      return call(...(parameters as never[]));
    };
  const bound = Object.entries<Bindable>(functions).map(([name, bindable]) => [name, bind(bindable)]);
  // `Bound` declares the functions with the types of the instance.
  return Object.fromEntries(bound) as Bound;
}
