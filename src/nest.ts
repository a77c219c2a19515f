/**
 * Sessions in NestJS 11 and 12, on Express and on Fastify, for controllers and GraphQL resolvers.
 *
 * @module
 */
import * as nest from "@nestjs/common";
import { APP_FILTER, HttpAdapterHost } from "@nestjs/core";
import { responseTo, type SessionRoutesOptions, type VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import type { InstanceOption } from "./lib/http/adapters/instance-option.ts";
import * as requests from "./lib/http/adapters/nest-calls.ts";
import type { NestParameters } from "./lib/http/adapters/nest-calls.ts";
import { createRouteMiddleware } from "./lib/http/adapters/route-middleware.ts";
import { type WithoutInstance, type BoundCalls, bindTo } from "./lib/http/adapters/request-calls.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";

/**
 * The module with the session routes (refresh, sign-out, sessions, JWKS), CORS for
 * `http.trustedOrigins`, and answers to the errors of this library. Import it once, in the root
 * module. If you have a filter that catches everything, provide it in the root module as
 * `APP_FILTER`, so that it comes after this one.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
export class SessionModule {
  /**
   * Makes the module.
   *
   * @throws ConfigError for an option that is unknown or of the wrong type
   * @example
   * ```ts
   * import { Module } from "@nestjs/common";
   * import { SessionModule } from "counterfoil/nest";
   *
   * @Module({ imports: [SessionModule.forRoot()] })
   * export class AppModule {}
   * ```
   */
  static forRoot(options: SessionRoutesOptions = {}): nest.DynamicModule {
    checkRouteOptions(options, "SessionModule.forRoot");
    class ConfiguredSessionModule {
      readonly #host: HttpAdapterHost;
      constructor(host: HttpAdapterHost) {
        this.#host = host;
      }
      /**
       * Called by Nest before it mounts the routes; a global prefix does not move what is mounted
       * here.
       */
      configure(): void {
        this.#host.httpAdapter.use(createRouteMiddleware(options));
      }
    }
    nest.Inject(HttpAdapterHost)(ConfiguredSessionModule, undefined, 0);
    nest.Module({})(ConfiguredSessionModule);
    const filter = { provide: APP_FILTER, useValue: createFilter(options) };
    return { module: ConfiguredSessionModule, providers: [filter] };
  }
}

/**
 * Nest asks one filter only, the first whose classes fit: so this class is what we have an answer
 * for, and no other error.
 */
function createFilter(options: InstanceOption): nest.ExceptionFilter {
  const Answered = { [Symbol.hasInstance]: (error: unknown) => responseTo(error, options) !== undefined };
  class SessionExceptionFilter implements nest.ExceptionFilter {
    catch(error: unknown, context: nest.ArgumentsHost): unknown {
      return requests.answerInHost(error, options, context);
    }
  }
  nest.Catch(Answered as never)(SessionExceptionFilter);
  return new SessionExceptionFilter();
}

/**
 * A guard that lets a request or a GraphQL operation pass if it has a session. Make it global by
 * `app.useGlobalGuards(new SessionGuard())`, or by the provider `APP_GUARD`, and open single routes
 * by `@NoSession()`. On one class or method write `@VerifySession()`.
 *
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { Module } from "@nestjs/common";
 * import { APP_GUARD } from "@nestjs/core";
 * import { SessionGuard, SessionModule } from "counterfoil/nest";
 *
 * @Module({ imports: [SessionModule.forRoot()], providers: [{ provide: APP_GUARD, useClass: SessionGuard }] })
 * export class AppModule {}
 * ```
 */
export class SessionGuard implements nest.CanActivate {
  readonly #options: VerifySessionOptions;
  constructor(options: VerifySessionOptions = {}) {
    checkProtectOptions((this.#options = options), "verifySession");
  }
  /** @throws SessionError why the request does not pass; `ARGUMENT_INVALID` for other transports */
  canActivate(context: nest.ExecutionContext): Promise<boolean> {
    const isOpened = isOpen(context.getHandler()) || isOpenByClass(context);
    return requests.verifyHost(this.#options, context, isOpened);
  }
}

const OPEN = "counterfoil:no-session";

/** The part of `reflect-metadata` that Reflector lacks. Nest loads it. */
interface OwnMetadata {
  readonly getOwnMetadata: (key: string, target: object) => unknown;
}

const isOpen = (target: object): boolean => (Reflect as unknown as OwnMetadata).getOwnMetadata(OPEN, target) === true;

/** A class opens its methods and those that it inherits, and not what a class below it adds. */
function isOpenByClass(context: nest.ExecutionContext): boolean {
  const handler: unknown = context.getHandler();
  for (let above: unknown = context.getClass(); typeof above === "function"; above = Object.getPrototypeOf(above)) {
    if (isOpen(above)) return true;
    const { prototype } = above as { readonly prototype?: object };
    const own = Object.values(Object.getOwnPropertyDescriptors(prototype ?? {}));
    if (own.some(({ value }) => value === handler)) return false;
  }
  return false;
}

/**
 * Opens a method, or all methods of a class, that a `SessionGuard` of the app would protect; a
 * method also in a class with `@VerifySession()`. What a class adds to an open one is not open. The
 * `@VerifySession()` of a method always checks. So both together check with the options of the
 * method only, for instance
 * `@NoSession() @VerifySession({ sessionRequired: false })`.
 *
 * @example
 * ```ts
 * import { Controller, Get } from "@nestjs/common";
 * import { NoSession } from "counterfoil/nest";
 *
 * @Controller()
 * export class HealthController {
 *   @Get("health")
 *   @NoSession()
 *   health() {
 *     return { ok: true };
 *   }
 * }
 * ```
 */
export const NoSession = (): ClassDecorator & MethodDecorator => nest.SetMetadata(OPEN, true);

/**
 * Protects a controller or a resolver, or one of its methods.
 *
 * @param options whether a session is required, for how old a sign-in, and whether the route
 *   renders a page
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @example
 * ```ts
 * import { Controller, Post } from "@nestjs/common";
 * import { CurrentSession, type RequestSession, VerifySession } from "counterfoil/nest";
 *
 * @Controller()
 * export class LikeController {
 *   @Post("like")
 *   @VerifySession()
 *   like(@CurrentSession() session: RequestSession) {
 *     return { by: session.getUserId() };
 *   }
 * }
 * ```
 */
export function VerifySession(options: VerifySessionOptions = {}): ClassDecorator & MethodDecorator {
  checkProtectOptions(options, "verifySession");
  return (...target: readonly unknown[]) => {
    const isOnMethod = target.length > 1;
    const canActivate = (context: nest.ExecutionContext): Promise<boolean> =>
      requests.verifyHost(options, context, !isOnMethod && isOpen(context.getHandler()));
    nest.UseGuards({ canActivate })(...(target as Parameters<ClassDecorator>));
  };
}

/** Passes the session of the request to a parameter; undefined if no check found one. */
export const CurrentSession: () => ParameterDecorator = nest.createParamDecorator(
  (_: unknown, context: nest.ExecutionContext) => requests.findInHost(context),
);

/**
 * The functions of this module, bound to an instance and with its types. TypeScript does not check
 * the type of a parameter of `@CurrentSession()`; `sessionOf(req)` is checked.
 */
export interface BoundSessions<Claims, Data, Id extends UserId> extends BoundCalls<NestParameters, Claims, Data, Id> {
  /** As `SessionModule.forRoot`. @throws ConfigError the same */
  readonly forRoot: (options?: WithoutInstance<SessionRoutesOptions>) => nest.DynamicModule;
  /** As `VerifySession` of this module. @throws ConfigError the same */
  readonly VerifySession: (options?: WithoutInstance<VerifySessionOptions<Claims>>) => ClassDecorator & MethodDecorator;
}

/**
 * Binds the functions of this module to an instance. They check what you sign in with, and what
 * routes read, against the types of the instance. Call it once, where you make the instance.
 *
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { sessionsFor } from "counterfoil/nest";
 *
 * const sessions = createSessions<{ role: "admin" | "member" }>();
 * export const { forRoot, VerifySession, createNewSession, sessionOf } = sessionsFor(sessions);
 * ```
 */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> =>
  bindTo<BoundSessions<Claims, Data, Id>>(sessions, {
    ...requests.calls.bindables,
    forRoot: [(options: SessionRoutesOptions) => SessionModule.forRoot(options), 0],
    VerifySession: [VerifySession, 0],
  });

export type { PlatformRequest, PlatformResponse } from "./lib/http/adapters/nest-platform.ts";
export type { InstanceOption, SessionRoutesOptions, VerifySessionOptions };
export type { SignInDetails } from "./lib/http/adapters/adapter-calls.ts";
export type { RequestSession } from "./lib/http/request-session.ts";
export {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  sessionOf,
  signOut,
} from "./lib/http/adapters/nest-calls.ts";
