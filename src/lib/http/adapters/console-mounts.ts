/** The console as each framework mounts it. */
import type { Awaitable } from "../../awaitable.ts";
import type { Duration } from "../../options/duration.ts";
import type { Sessions } from "../../session/sessions.ts";
import { checkConsoleOptions } from "../check-options.ts";
import type { HttpContext } from "../context.ts";
import { logReuses, type ReuseLog } from "../console/reuse-log.ts";
import { respondToConsole } from "../console/respond-to-console.ts";
import type { HttpExchange, HttpResponse } from "../exchange/exchange.ts";
import * as hono from "../exchange/hono-exchange.ts";
import { createKoaExchange, type KoaContextShape, sendKoa } from "../exchange/koa-exchange.ts";
import {
  createNodeExchange,
  type Http2Request,
  type NodeRequest,
  type NodeResponse,
  sendResponse,
} from "../exchange/node-exchange.ts";
import { closeWebExchange, findExchange, openWebExchange, toResponse } from "../exchange/web-exchange.ts";
import {
  createFastifyExchange,
  type FastifyReplyShape,
  type FastifyRequestShape,
  sendFastify,
} from "./fastify-exchange.ts";
import { goOn } from "./go-on.ts";
import { findHttp, httpOf, type InstanceOption } from "./instance-option.ts";

type Next = (error?: unknown) => void;

type First<Parameters> = Parameters extends readonly [infer One, ...unknown[]] ? One : unknown;
type Second<Parameters> = Parameters extends readonly [unknown, infer Two, ...unknown[]] ? Two : unknown;

/** A console, for each framework. `Parameters` are those of its `authorize`. */
export interface Console<Parameters extends readonly unknown[] = readonly unknown[]> {
  /**
   * A middleware for Express and NestJS: `app.use(admin.node)`. Call it yourself in `node:http`.
   */
  readonly node: (
    request: (NodeRequest | Http2Request) & First<Parameters>,
    response: NodeResponse & Second<Parameters>,
    next: Next,
  ) => void;
  /** A hook of Fastify: `app.addHook("onRequest", admin.fastify)`, at the root of the app. */
  readonly fastify: (
    request: FastifyRequestShape & First<Parameters>,
    reply: FastifyReplyShape & Second<Parameters>,
    done: (error?: Error) => void,
  ) => void;
  /** A middleware of Koa: `app.use(admin.koa)`. */
  readonly koa: (context: KoaContextShape & First<Parameters>, next: () => Promise<unknown>) => Promise<void>;
  /** A middleware of Hono: `app.use(admin.hono)`. */
  readonly hono: (context: hono.HonoContextShape & First<Parameters>, next: () => Promise<void>) => Promise<void>;
  /**
   * A handler of Web requests, and of route handlers of Next.js. It answers all other paths with
   * 404.
   */
  readonly web: (request: Request & First<Parameters>) => Promise<Response>;
}

/** Options of `console`. */
export interface ConsoleOptions<Parameters extends readonly unknown[] = readonly unknown[]> extends InstanceOption {
  /**
   * Decides who may use the console; asked for each request. It gets the framework's own request:
   * the parameters of `getSession` of its module, such as `(req, res)`.
   *
   * @returns the operator's name, for the audit event, or true; anything else refuses, and the
   *   request goes on to the app's own 404
   */
  readonly authorize: (...parameters: Parameters) => Awaitable<boolean | string | undefined>;
  /**
   * The path of the console in the app, without `http.basePath` and with the path of a router that
   * it is mounted in. Default `"/counterfoil"`.
   */
  readonly path?: string;
  /**
   * The greatest age of the operator's own sign-in for a change, if the request carries a session
   * of this instance. Default `"15m"`.
   */
  readonly maxAuthAge?: Duration | undefined;
}

/** @throws ConfigError for an option that is missing, unknown or of the wrong type */
export function mountConsole<Parameters extends readonly unknown[]>(
  options: ConsoleOptions<Parameters>,
): Console<Parameters> {
  const settings = checkConsoleOptions(options);
  const observe = createObserver();
  // Without an instance it begins with the first request after `init`.
  const early = findHttp(options);
  if (early !== undefined) observe(early);

  const respond = (exchange: HttpExchange, ...parameters: readonly unknown[]): Promise<HttpResponse | undefined> => {
    const http = httpOf(options);
    const state = { ...settings, reuses: observe(http) };
    // Each mount passes what its type says.
    return respondToConsole(state, http, exchange, () => options.authorize(...(parameters as unknown as Parameters)));
  };

  function isMeant(url: string): boolean {
    const http = findHttp(options);
    if (http !== undefined) observe(http);
    return url.includes(settings.path);
  }

  return {
    node(request, response, next) {
      if (!isMeant(request.originalUrl ?? request.url ?? "/")) return next();
      return goOn(
        () => respond(createNodeExchange(request, response), request, response),
        (httpResponse) => (httpResponse === undefined ? next() : sendResponse(response, httpResponse)),
        next,
      );
    },
    fastify(request, reply, done) {
      if (!isMeant(request.originalUrl)) return done();
      return goOn(
        () => respond(createFastifyExchange(request, reply), request, reply),
        (httpResponse) => (httpResponse === undefined ? done() : sendFastify(reply, httpResponse)),
        (error) => done(error as Error),
      );
    },
    async koa(context, next) {
      const meant = isMeant(context.originalUrl);
      const httpResponse = meant ? await respond(createKoaExchange(context), context) : undefined;
      if (httpResponse === undefined) await next();
      else sendKoa(context, httpResponse);
    },
    async hono(context, next) {
      if (!isMeant(context.req.raw.url)) return next();
      const outer = hono.findHonoExchange(context);
      const exchange = outer ?? hono.openHonoExchange(context, () => undefined);
      const httpResponse = await respond(exchange, context);
      if (httpResponse === undefined) await next();
      // Hono takes it over as it does what a handler returns.
      else Object.assign(context, { res: hono.toHonoResponse(context, httpResponse) });
      if (outer === undefined) hono.closeHonoExchange(exchange, context);
    },
    async web(request) {
      const outer = findExchange(request);
      const exchange = outer ?? openWebExchange(request);
      const httpResponse = isMeant(exchange.url) ? await respond(exchange, request) : undefined;
      const response = httpResponse === undefined ? new Response(null, { status: 404 }) : toResponse(httpResponse);
      return outer === undefined ? closeWebExchange(exchange, response) : response;
    },
  };
}

/** Keeps what each instance has seen, also if another `init` replaces the default one. */
function createObserver(): (http: HttpContext) => ReuseLog {
  const logs = new WeakMap<Sessions, ReuseLog>();
  return ({ sessions, session }) => {
    const known = logs.get(sessions);
    if (known !== undefined) return known;
    const log = logReuses(sessions, session.now);
    logs.set(sessions, log);
    return log;
  };
}
