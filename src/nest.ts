/**
 * Sessions in NestJS 11 and 12, on Express and on Fastify.
 *
 * @module
 */
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  createParamDecorator,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Module,
  UseGuards,
} from "@nestjs/common";
import { APP_FILTER, HttpAdapterHost } from "@nestjs/core";
import * as calls from "./lib/http/adapters/adapter-calls.ts";
import type { SessionRoutesOptions, SignInDetails, VerifySessionOptions } from "./lib/http/adapters/adapter-calls.ts";
import { checkProtectOptions, checkRouteOptions } from "./lib/http/check-options.ts";
import type { InstanceOption } from "./lib/http/adapters/instance-option.ts";
import * as platform from "./lib/http/adapters/nest-platform.ts";
import type { PlatformRequest, PlatformResponse } from "./lib/http/adapters/nest-platform.ts";
import type { RequestSession } from "./lib/http/request-session.ts";
import type { UserId } from "./lib/session/user-id.ts";

/**
 * The module: the ready routes, CORS for `http.trustedOrigins`, and the answers to errors of this library. Import it once, in the root
 * module. A filter of your own that catches everything belongs to the root module's providers, as `APP_FILTER`, so that it comes after.
 */
// oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
export class SessionModule {
  /** @throws ConfigError for an unknown option. @example @Module({ imports: [SessionModule.forRoot()] }) */
  static forRoot(options: SessionRoutesOptions = {}): DynamicModule {
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
    Inject(HttpAdapterHost)(ConfiguredSessionModule, undefined, 0);
    Module({})(ConfiguredSessionModule);
    const filter = { provide: APP_FILTER, useValue: createFilter(options) };
    return { module: ConfiguredSessionModule, providers: [filter] };
  }
}

/** Nest asks one filter only, the first whose classes fit: so this class is what we have an answer for, and no other error. */
function createFilter(options: InstanceOption): ExceptionFilter {
  const Answered = { [Symbol.hasInstance]: (error: unknown) => calls.answerTo(error, options) !== undefined };
  class SessionExceptionFilter implements ExceptionFilter {
    catch(error: unknown, context: ArgumentsHost): void {
      const answer = calls.answerTo(error, options);
      if (answer !== undefined) platform.sendPlatform(context.switchToHttp().getResponse<PlatformResponse>(), answer);
    }
  }
  Catch(Answered as never)(SessionExceptionFilter);
  return new SessionExceptionFilter();
}

/** Lets a request pass if it has a session. For `app.useGlobalGuards(new SessionGuard())`; on one class or method write `@VerifySession()`. */
export class SessionGuard implements CanActivate {
  readonly #options: VerifySessionOptions;
  constructor(options: VerifySessionOptions = {}) {
    checkProtectOptions((this.#options = options), "verifySession");
  }
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<PlatformRequest>();
    const exchange = platform.openPlatformExchange(request, http.getResponse<PlatformResponse>());
    await calls.keep(request, calls.protect(exchange, this.#options));
    return true;
  }
}

/** Protects a controller or one of its methods. @example @VerifySession({ maxAuthAge: "10m" }) */
export const VerifySession = (options: VerifySessionOptions = {}): ClassDecorator & MethodDecorator =>
  UseGuards(new SessionGuard(options));

/** The session of the request as a parameter; undefined where nothing has verified one. @example like(@CurrentSession() session: RequestSession) */
export const CurrentSession: () => ParameterDecorator = createParamDecorator((_: unknown, context: ExecutionContext) =>
  calls.findKept(context.switchToHttp().getRequest<PlatformRequest>()),
);

/** Signs a user in; write `@Res({ passthrough: true })`. @throws SessionError as `createNewSession` of the package root; `CSRF_REFUSED` */
export async function createNewSession<Claims = unknown, Data = unknown>(
  request: PlatformRequest,
  response: PlatformResponse,
  userId: UserId,
  details: SignInDetails<Claims, Data> = {},
): Promise<RequestSession<Claims, Data>> {
  return calls.keep(request, calls.start(platform.openPlatformExchange(request, response), userId, details));
}

/** Refreshes the session of a request, for a refresh route of one's own. @throws SessionError as `refreshSession` of the package root */
export const refreshSession = (
  request: PlatformRequest,
  response: PlatformResponse,
  options: InstanceOption = {},
): Promise<RequestSession> =>
  calls.keep(request, calls.refresh(platform.openPlatformExchange(request, response), options));

export type { PlatformRequest, PlatformResponse };
export type { InstanceOption, RequestSession, SessionRoutesOptions, SignInDetails, VerifySessionOptions };
