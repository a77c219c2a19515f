/**
 * Sessions in NestJS 11 and 12, on Express and on Fastify.
 *
 * @module
 */
import * as nest from "@nestjs/common";
import { APP_FILTER, HttpAdapterHost } from "@nestjs/core";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import type { InstanceOption } from "./lib/http/adapters/instance-option.ts";
import * as platform from "./lib/http/adapters/nest-platform.ts";
import { calls as requests, type NestParameters } from "./lib/http/adapters/nest-calls.ts";
import { type WithoutInstance, type BoundCalls, bindTo } from "./lib/http/adapters/request-calls.ts";
import type { Sessions } from "./lib/session/sessions.ts";
import type { UserId } from "./lib/session/user-id.ts";

/**
 * The module: the ready routes, CORS for `http.trustedOrigins`, and the answers to errors of this library. Import it once, in the root
 * module. A filter of your own that catches everything belongs to the root module's providers, as `APP_FILTER`, so that it comes after.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
export class SessionModule {
  /** @throws ConfigError for an unknown option. @example @Module({ imports: [SessionModule.forRoot()] }) class AppModule {} */
  static forRoot(options: SessionRoutesOptions = {}): nest.DynamicModule {
    checkRouteOptions(options, "SessionModule.forRoot");
    class ConfiguredSessionModule {
      readonly #host: HttpAdapterHost;
      constructor(host: HttpAdapterHost) {
        this.#host = host;
      }
      /** Called by Nest before it mounts the routes; a global prefix does not move what is mounted here. */
      configure(): void {
        this.#host.httpAdapter.use(platform.sessionMiddleware(options));
      }
    }
    nest.Inject(HttpAdapterHost)(ConfiguredSessionModule, undefined, 0);
    nest.Module({})(ConfiguredSessionModule);
    const filter = { provide: APP_FILTER, useValue: createFilter(options) };
    return { module: ConfiguredSessionModule, providers: [filter] };
  }
}

/** Nest asks one filter only, the first whose classes fit: so this class is what we have an answer for, and no other error. */
function createFilter(options: InstanceOption): nest.ExceptionFilter {
  const Answered = { [Symbol.hasInstance]: (error: unknown) => calls.responseTo(error, options) !== undefined };
  class SessionExceptionFilter implements nest.ExceptionFilter {
    catch(error: unknown, context: nest.ArgumentsHost): void {
      const httpResponse = calls.responseTo(error, options);
      if (httpResponse !== undefined)
        platform.sendPlatform(context.switchToHttp().getResponse<platform.PlatformResponse>(), httpResponse);
    }
  }
  nest.Catch(Answered as never)(SessionExceptionFilter);
  return new SessionExceptionFilter();
}

/** Lets a request pass if it has a session. For `app.useGlobalGuards(new SessionGuard())`; on one class or method write `@VerifySession()`. */
export class SessionGuard implements nest.CanActivate {
  readonly #options: VerifySessionOptions;
  constructor(options: VerifySessionOptions = {}) {
    checkProtectOptions((this.#options = options), "verifySession");
  }
  async canActivate(context: nest.ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<platform.PlatformRequest>();
    await requests.verify(this.#options, request, http.getResponse<platform.PlatformResponse>());
    return true;
  }
}

/** Protects a controller or one of its methods. @example @VerifySession({ maxAuthAge: "10m" }) class Payments {} */
export const VerifySession = (options: VerifySessionOptions = {}): ClassDecorator & MethodDecorator =>
  nest.UseGuards(new SessionGuard(options));

/** The session of the request as a parameter; undefined where nothing has verified one. TypeScript does not check the type that you write there;
 * it checks `sessionOf(req)`. @example class Likes { like(@CurrentSession() session: RequestSession) {} } */
export const CurrentSession: () => ParameterDecorator = nest.createParamDecorator(
  (_: unknown, context: nest.ExecutionContext) =>
    requests.findSession(context.switchToHttp().getRequest<platform.PlatformRequest>()),
);

/** The functions of this module, bound to an instance and with its types. */
export interface BoundSessions<Claims, Data, Id extends UserId> extends BoundCalls<NestParameters, Claims, Data, Id> {
  readonly forRoot: (options?: WithoutInstance<SessionRoutesOptions>) => nest.DynamicModule;
  readonly VerifySession: (options?: WithoutInstance<VerifySessionOptions>) => ClassDecorator & MethodDecorator;
}

/** Binds these functions to an instance, with its types. Bind once, where it is made. @example const { forRoot, VerifySession, createNewSession, sessionOf } = sessionsFor(sessions); */
export const sessionsFor = <Claims, Data, Id extends UserId>(
  sessions: Sessions<Claims, Data, Id>,
): BoundSessions<Claims, Data, Id> =>
  bindTo<BoundSessions<Claims, Data, Id>>(sessions, {
    ...requests.bindables,
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
} from "./lib/http/adapters/nest-calls.ts";
