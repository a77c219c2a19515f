// oxlint-disable-next-line import/no-unassigned-import -- Nest wants it so
import "reflect-metadata";
import { PassThrough } from "node:stream";
import type { AddressInfo } from "node:net";
import type { Server, ServerResponse } from "node:http";
import { type AbstractHttpAdapter, APP_FILTER, BaseExceptionFilter, HttpAdapterHost, NestFactory } from "@nestjs/core";
import {
  All,
  type ArgumentsHost,
  Body,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  Module,
  Query,
  Req,
  Res,
  StreamableFile,
  UseGuards,
} from "@nestjs/common";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import {
  createNewSession,
  CurrentSession,
  findSession,
  getSession,
  type PlatformRequest,
  type PlatformResponse,
  refreshSession,
  type RequestSession,
  SessionGuard,
  SessionModule,
  signOut,
  VerifySession,
} from "counterfoil/nest";
import express from "express";
import {
  actingAs,
  AGAIN,
  CACHED_HEADERS,
  changeLate,
  detailsOf,
  faultOf,
  FIRST,
  FOREIGN_AUTH,
  HALF_HEADERS,
  NEW_CLAIMS,
  OPTIONAL,
  OWN_CORS,
  PAGES,
  type Setup,
  signInOf,
  wait,
} from "./setup.ts";
import { HTTP2_OPTIONS, MAX_HEADER_SIZE } from "../fixtures/listen.ts";
import { type Subject } from "./subject.ts";

type Auth = RequestSession | undefined;
interface Reply {
  readonly raw?: { readonly headersSent: boolean };
  readonly headersSent?: boolean;
  header(name: string, value: string): unknown;
  append?(name: string, value: string): unknown;
}

const tell = (auth: Auth): object => ({ user: auth?.getUserId() ?? null, claims: auth?.getJWTPayload() ?? null });

/** Leaves what another middleware may leave. */
class ForeignGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    Object.assign(context.switchToHttp().getRequest<object>(), { auth: FOREIGN_AUTH });
    return true;
  }
}

/** Sets headers before the check. */
class CachedGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const response = context.switchToHttp().getResponse<Reply>();
    for (const [name, value] of Object.entries(CACHED_HEADERS)) response.header(name, value);
    return true;
  }
}

/**
 * A controller; its decorators are applied as functions, because Node's type stripping knows no
 * others.
 */
function createController({ instance, twice, other, clock }: Setup): new () => object {
  class AppController {
    async login(
      request: PlatformRequest & { readonly url: string },
      response: PlatformResponse & Reply,
      user = "alice",
    ): Promise<object> {
      response.header("set-cookie", "app=1; Path=/");
      await createNewSession(request, response, user, { ...instance, ...detailsOf(request.url) });
      return { ok: true };
    }
    tell(auth: Auth): object {
      return tell(auth);
    }
    fresh(auth: Auth): object {
      return tell(auth);
    }
    maybe(auth: Auth): object {
      return tell(auth);
    }
    page(auth: Auth): object {
      return tell(auth);
    }
    pageFresh(auth: Auth): object {
      return tell(auth);
    }
    pageFreshMaybe(auth: Auth): object {
      return tell(auth);
    }
    admin(auth: Auth): object {
      return tell(auth);
    }
    rule(auth: Auth): object {
      return tell(auth);
    }
    mfa(auth: Auth): object {
      return tell(auth);
    }
    pageAdmin(auth: Auth): object {
      return tell(auth);
    }
    pageChecked(auth: Auth): object {
      return tell(auth);
    }
    second(auth: Auth): object {
      return tell(auth);
    }
    foreign(auth: Auth): object {
      return tell(auth);
    }
    async again(request: PlatformRequest & { readonly url: string }, response: PlatformResponse): Promise<object> {
      await findSession(request, instance)?.reauthenticate(signInOf(request.url));
      return tell(await getSession(request, response, { ...instance, maxAuthAge: "1m", antiCsrfCheck: false }));
    }
    againBelow(request: PlatformRequest & { readonly url: string }, response: PlatformResponse): Promise<object> {
      return this.again(request, response);
    }
    async out(request: PlatformRequest, response: PlatformResponse): Promise<object> {
      return { ok: await signOut(request, response, instance) };
    }
    async renew(request: PlatformRequest, response: PlatformResponse): Promise<object> {
      return { user: (await refreshSession(request, response, instance)).getUserId() };
    }
    async claims(auth: Auth): Promise<object> {
      await auth?.updateJwtPayload(NEW_CLAIMS);
      return tell(auth);
    }
    async leave(auth: Auth): Promise<object> {
      await auth?.revokeSession();
      return { ok: true };
    }
    async act(request: PlatformRequest, response: PlatformResponse, user: string, auth: Auth): Promise<object> {
      await createNewSession(request, response, user, { ...instance, ...actingAs(auth) });
      return { ok: true };
    }
    userOnly(auth: Auth): object {
      return tell(auth);
    }
    echo(body: object): object {
      return body;
    }
    stream(auth: Auth, response: Reply): StreamableFile {
      const body = new PassThrough();
      body.write("begin ");
      const isSent = (): boolean => response.raw?.headersSent ?? response.headersSent ?? false;
      const finish = async (): Promise<void> => {
        while (!isSent()) await new Promise(setImmediate);
        body.end(await changeLate(auth));
      };
      void finish();
      return new StreamableFile(body, { type: "text/plain" });
    }
    late(auth: Auth): object {
      return tell(auth);
    }
    async half(auth: Auth, response: Reply): Promise<object> {
      for (const [name, value] of Object.entries(HALF_HEADERS)) response.header(name, value);
      // Fastify adds to the cookies that there are.
      if (response.append === undefined) response.header("set-cookie", "app=1; Path=/");
      else response.append("set-cookie", "app=1; Path=/");
      await auth?.getSessionData();
      return { ok: true };
    }
    cached(auth: Auth, response: Reply): object {
      for (const [name, value] of Object.entries(CACHED_HEADERS)) response.header(name, value);
      return tell(auth);
    }
    cachedBefore(auth: Auth): object {
      return tell(auth);
    }
    fault(): never {
      throw new Error("fault");
    }
  }
  const { prototype } = AppController;
  const route = (
    name: keyof AppController,
    parameters: readonly ParameterDecorator[],
    options?: Parameters<typeof VerifySession>[0],
    { path = `/${name}`, guards = [] as readonly MethodDecorator[] } = {},
  ): void => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    if (descriptor === undefined) throw new Error(`no method ${name}`);
    for (const [index, parameter] of parameters.entries()) parameter(prototype, name, index);
    if (options !== undefined) VerifySession({ ...instance, ...options })(prototype, name, descriptor);
    if (twice && options !== undefined) VerifySession({ ...instance, ...options })(prototype, name, descriptor);
    for (const guard of guards) guard(prototype, name, descriptor);
    All(path)(prototype, name, descriptor);
  };
  const session = [CurrentSession()];
  const pair = [Req(), Res({ passthrough: true })];
  route("login", [...pair, Query("user")]);
  route("tell", session, {}, { path: "/api" });
  route("fresh", session, { maxAuthAge: "5m" });
  route("maybe", session, { sessionRequired: false });
  route("page", session, { sessionRequired: false, page: true });
  route("pageFresh", session, PAGES["/page-fresh"], { path: "/page-fresh" });
  route("pageFreshMaybe", session, PAGES["/page-fresh-maybe"], { path: "/page-fresh-maybe" });
  route("admin", session, PAGES["/admin"]);
  route("rule", session, PAGES["/rule"]);
  route("mfa", session, PAGES["/mfa"]);
  route("pageAdmin", session, PAGES["/page-admin"], { path: "/page-admin" });
  route("pageChecked", session, PAGES["/page-checked"], { path: "/page-checked" });
  const optional = VerifySession({ ...instance, ...OPTIONAL });
  route("second", session, {}, { guards: [VerifySession({ ...other, ...OPTIONAL })] });
  route("foreign", session, undefined, { guards: [UseGuards(new ForeignGuard()), optional] });
  route("again", pair, {}, { path: AGAIN[0] });
  route("againBelow", pair, {}, { path: AGAIN[1] });
  route("out", pair);
  route("renew", pair);
  route("claims", session, {});
  route("leave", session, {});
  route("act", [...pair, Query("user"), CurrentSession()], {});
  route("userOnly", session, PAGES["/user-only"], { path: "/user-only" });
  route("echo", [Body()], {});
  route("stream", [CurrentSession(), Res({ passthrough: true })], {});
  route("late", session, undefined, {
    guards: [
      UseGuards(
        new SessionGuard({ ...instance, ...FIRST }),
        {
          canActivate(context) {
            wait({ clock }, context.switchToHttp().getRequest<{ readonly url: string }>().url);
            return true;
          },
        },
        new SessionGuard({ ...instance, ...OPTIONAL }),
      ),
    ],
  });
  route("half", [CurrentSession(), Res({ passthrough: true })], {});
  route("cached", [CurrentSession(), Res({ passthrough: true })], {});
  const before = { path: "/cached-before", guards: [VerifySession(instance), UseGuards(new CachedGuard())] };
  route("cachedBefore", session, undefined, before);
  route("fault", []);
  Controller()(AppController);
  return AppController;
}

/** As a middleware, which Nest runs before those of modules. */
function setOwnCors(_request: unknown, response: ServerResponse, next: () => void): void {
  for (const [name, value] of Object.entries(OWN_CORS)) response.setHeader(name, value);
  next();
}

/** As a guard, which runs after all middleware. */
class CorsGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const response = context.switchToHttp().getResponse<Reply>();
    for (const [name, value] of Object.entries(OWN_CORS)) response.header(name, value);
    return true;
  }
}

/**
 * The app's own filter for everything, which Nest asks after those of the modules that the root
 * module imports.
 */
class FaultFilter extends BaseExceptionFilter {
  override catch(error: unknown, context: ArgumentsHost): void {
    if (error instanceof Error && "getStatus" in error) {
      // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- a filter, no promise
      super.catch(error, context);
      return;
    }
    const response = context.switchToHttp().getResponse<object>();
    this.applicationRef?.reply(response, faultOf(error), 500);
  }
}
Catch()(FaultFilter);

const subject = (name: string, createAdapter: () => AbstractHttpAdapter, protocol?: Subject["protocol"]): Subject => ({
  name,
  protocol,
  async listen(setup) {
    // oxlint-disable-next-line typescript/no-extraneous-class -- in Nest a module is a class
    class AppModule {}
    const modules = Array.from({ length: setup.twice ? 2 : 1 }, () => SessionModule.forRoot(setup.instance));
    const filter = {
      provide: APP_FILTER,
      useFactory: (host: HttpAdapterHost): FaultFilter => new FaultFilter(host.httpAdapter),
      inject: [HttpAdapterHost],
    };
    Module({ imports: modules, controllers: [createController(setup)], providers: [filter] })(AppModule);
    const app = await NestFactory.create(AppModule, createAdapter(), { logger: false, abortOnError: false });
    if (setup.ownCors === "first") app.use(setOwnCors);
    if (setup.ownCors === "last") app.useGlobalGuards(new CorsGuard());
    await app.listen(0, "127.0.0.1");
    const server = app.getHttpServer() as Server;
    server.maxHeadersCount = 0;
    return {
      port: (server.address() as AddressInfo).port,
      async close() {
        if (protocol === undefined) server.closeAllConnections();
        await app.close();
      },
    };
  },
});

export const nestSubjects: readonly Subject[] = [
  subject("Nest on Express", () => new ExpressAdapter(express())),
  subject("Nest on Fastify", () => new FastifyAdapter({ http: { maxHeaderSize: MAX_HEADER_SIZE } })),
];

export const nestHttp2Subject: Subject = subject(
  "Nest on Fastify over HTTP/2",
  () => new FastifyAdapter({ http2: true, http: HTTP2_OPTIONS } as object),
  "h2c",
);
