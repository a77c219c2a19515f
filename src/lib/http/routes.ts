import type { Awaitable } from "../awaitable.ts";
import type { Policy } from "../policy.ts";
import {
  CURSOR_PARAMETER,
  HEADERS,
  PAGE_PARAMETERS,
  parseSessionCursor,
  ROUTES,
  SUPERTOKENS_ROUTES,
} from "../../protocol.ts";
import type { Duration } from "../options/duration.ts";
import { ERROR_TYPES, type SessionError, unauthorised } from "../errors.ts";
import { actorField, withActor } from "../session/actor.ts";
import { ifKnown } from "../session/known-device.ts";
import { isHandle } from "../session/handle.ts";
import { findLiveSession, renameSession, revokeSession } from "../session/manage-sessions.ts";
import type { SessionRecord } from "../session/record.ts";
import { appPaths } from "./base-path.ts";
import { applyCors } from "./cors.ts";
import { respondToError, redirect } from "./respond-to-error.ts";
import { type HttpResponse, type HttpExchange, isUnsafe, pathOf } from "./exchange/exchange.ts";
import type { HttpContext } from "./context.ts";
import { findForeignSite } from "./cross-site.ts";
import { refuseCrossSite } from "./csrf.ts";
import { endsSession, hasType } from "./outcomes.ts";
import { isPageLoad, returnAddress, toReturnPath } from "./page-load.ts";
import { protect } from "./protect.ts";
import { refreshRequest } from "./refresh.ts";
import { signOutUser } from "./sign-out.ts";
import { watchPassedOn } from "./unreached-routes.ts";
import { watchCors } from "./watched-responses.ts";
import type { RequestSession } from "./request-session.ts";

/** Options of the session routes. */
export interface RouteOptions {
  /**
   * The greatest age of a sign-in that may revoke other sessions, for instance `"10m"`. Default:
   * any age.
   */
  readonly revokeMaxAuthAge?: Duration | undefined;
}

/** The most sessions in one response. */
const PAGE = 100;

/** The most characters of the header with a label; what is stored is cut to less. */
const MAX_LABEL = 4096;

type Route = "refresh" | "sign-out" | "sessions" | "revoke" | "rename" | "events" | "jwks";

const METHODS: Readonly<Record<Route, "GET" | "POST">> = {
  refresh: "POST",
  "sign-out": "POST",
  sessions: "GET",
  revoke: "POST",
  rename: "POST",
  events: "GET",
  jwks: "GET",
};

const FIXED_ROUTES: Readonly<Record<string, Route>> = {
  [ROUTES.signOut]: "sign-out",
  [ROUTES.sessions]: "sessions",
  [ROUTES.revoke]: "revoke",
  [ROUTES.rename]: "rename",
  [ROUTES.events]: "events",
  [ROUTES.jwks]: "jwks",
};

function findRoute(path: string, policy: Policy): Route | undefined {
  for (const one of appPaths(path, policy.http.basePath)) {
    const route = findAppRoute(one, policy);
    if (route !== undefined) return route;
  }
  return undefined;
}

function findAppRoute(path: string, { cookie, http }: Policy): Route | undefined {
  if (path === cookie.renewTokenPath) return "refresh";
  if (path === ROUTES.events && !http.openPages) return undefined;
  if (Object.hasOwn(FIXED_ROUTES, path)) return FIXED_ROUTES[path];
  // SuperTokens web clients derive both from one base path.
  const { refresh, signOut } = SUPERTOKENS_ROUTES;
  if (!http.supertokens || !path.endsWith(signOut) || !cookie.renewTokenPath.endsWith(refresh)) return undefined;
  return path === cookie.renewTokenPath.slice(0, -refresh.length) + signOut ? "sign-out" : undefined;
}

/**
 * A quick test, without an exchange, whether `respondToRoute` may concern a request. Most requests
 * are not for it.
 */
export function mayConcernRoutes({ session: { policy } }: HttpContext, { method, url, origin }: RequestLine): boolean {
  if (policy.http.trustedOrigins.size > 0 || policy.http.supertokens) return true;
  // It may be a script on a page of another origin; see `watchCors`.
  if (origin !== undefined && !isUnsafe({ method })) return true;
  // At any position, because a router may be mounted below a path.
  return url.includes(policy.cookie.renewTokenPath) || ROUTE_PATHS.some((path) => url.includes(path));
}

/** The properties of a request in every framework. */
export interface RequestLine {
  readonly method: string;
  readonly url: string;
  readonly origin: string | undefined;
}

const ROUTE_PATHS = Object.values(ROUTES);

/**
 * Responds to requests for the session routes, and to preflights of trusted origins; undefined at
 * once for all others. The routes read no body, so body parsers do not matter.
 */
export function respondToRoute(
  http: HttpContext,
  exchange: HttpExchange,
  options: RouteOptions,
): Awaitable<HttpResponse | undefined> {
  const asked = findAsked(http, exchange);
  return asked === undefined ? undefined : runRoute(http, exchange, asked, options);
}

/** The session route that a request asks for, or an immediate response. */
export type Asked = Route | "refresh-page" | HttpResponse;

/** The first half of `respondToRoute`, which is synchronous. */
export function findAsked(http: HttpContext, exchange: HttpExchange): Asked | undefined {
  const { policy } = http.session;
  const preflight = applyCors(exchange, policy.http);
  if (preflight !== undefined) return preflight;
  watchCors(exchange, http.session);
  const route = findRoute(pathOf(exchange), policy);
  if (route === undefined) watchPassedOn(exchange, http.session);
  // The app's own CORS set-up handles preflights of origins that are not trusted here.
  if (route === undefined || exchange.method === "OPTIONS") return undefined;
  if (route === "refresh" && isPageLoad(exchange)) return "refresh-page";
  const method = METHODS[route];
  if (exchange.method !== method && !(exchange.method === "HEAD" && method === "GET")) {
    return {
      status: 405,
      headers: { allow: method, "cache-control": "no-store" },
      body: { message: "method not allowed" },
    };
  }
  return route;
}

/** The second half. */
export async function runRoute(
  http: HttpContext,
  exchange: HttpExchange,
  asked: Asked,
  options: RouteOptions,
): Promise<HttpResponse> {
  if (typeof asked !== "string") return asked;
  try {
    switch (asked) {
      case "refresh-page":
        return await refreshAndReturn(http, exchange);
      case "refresh":
        await http.run(exchange, refreshRequest);
        return done(http);
      case "sign-out":
        await http.run(exchange, signOutUser);
        return done(http);
      case "sessions":
        return await listOwnSessions(http, exchange);
      case "revoke":
        return await revokeOwnSessions(http, exchange, options);
      case "rename":
        return await renameOwnSession(http, exchange);
      case "events":
        return await streamToPage(http, exchange);
      case "jwks":
        return await publishKeys(http);
    }
  } catch (error) {
    const response = respondToError(error, http.session.policy.http);
    if (response === undefined) throw error;
    return response;
  }
}

/**
 * Refreshes a redirected page load and sends it back, refreshed or not: the page can explain better
 * that a session has ended. A link from another site may lead here, too; it rotates tokens and ends
 * on a page of this origin.
 */
async function refreshAndReturn(http: HttpContext, exchange: HttpExchange): Promise<HttpResponse> {
  const query = queryOf(exchange);
  const { to: name, again } = PAGE_PARAMETERS;
  const { policy } = http.session;
  const to = toReturnPath(query.get(name) ?? "", policy);
  if (to === undefined) {
    const wanted = policy.http.basePath === "" ? "of this origin" : "of this app";
    return { ...ok({ message: `name a path ${wanted} with ?${name}=` }), status: 400 };
  }
  try {
    await http.run(exchange, refreshRequest);
  } catch (error) {
    const tooLate = hasType(error, ERROR_TYPES.RETRY);
    // Another request was faster. Its cookies will be in the browser when this page returns.
    if (tooLate && !query.has(again))
      return redirect(`${policy.cookie.refreshPath}?${name}=${encodeURIComponent(to)}&${again}=1`);
    if (!tooLate && !endsSession(error) && !hasType(error, ERROR_TYPES.TRY_REFRESH_TOKEN)) {
      // The store is down: the returning page must not look signed out.
      const response = respondToError(error, policy.http);
      if (response === undefined) throw error;
      return response;
    }
  }
  return redirect(returnAddress(to, http.session.now()));
}

async function publishKeys({ sessions, session }: HttpContext): Promise<HttpResponse> {
  // Services that cache this must know a key before it signs.
  const maxAge = Math.min(300, Math.floor(session.policy.keys.publishAhead / 2000));
  const headers = { "cache-control": `public, max-age=${maxAge}` };
  return { status: 200, headers, body: await sessions.getJwks() };
}

/** Lists a page of the user's sessions, and its end; `?after=` continues there. */
async function listOwnSessions(http: HttpContext, exchange: HttpExchange): Promise<HttpResponse> {
  const own = await protect(http, exchange, {});
  if (own === undefined) throw sessionOver();
  const after = queryOf(exchange).get(CURSOR_PARAMETER) ?? undefined;
  if (after !== undefined && parseSessionCursor(after) === undefined)
    return { ...ok({ message: `?${CURSOR_PARAMETER}= takes the next of the page before` }), status: 400 };
  const { sessions, next } = await http.sessions.getSessionsForUser(own.getUserId(), { limit: PAGE, after });
  const isOwn = (handle: string): boolean => handle === own.getHandle();
  if (!sessions.some(({ handle }) => isOwn(handle))) await checkAlive(http, own);
  const listed = sessions.map(({ handle, createdAt, lastSeenAt, expiresAt, device, knownDevice, actor, binding }) => ({
    handle,
    current: isOwn(handle),
    createdAt,
    lastSeenAt,
    expiresAt,
    device,
    ...ifKnown(knownDevice),
    ...withActor(actor),
    binding,
  }));
  return ok({ sessions: listed, ...(next === undefined ? {} : { next }) });
}

/**
 * `?handle=<handle>` revokes one of the user's sessions, `?others=true` all but the current one. A
 * session in which somebody acts for the user ends none.
 */
async function revokeOwnSessions(
  http: HttpContext,
  exchange: HttpExchange,
  { revokeMaxAuthAge: maxAuthAge }: RouteOptions,
): Promise<HttpResponse> {
  const own = await protect(http, exchange, { refuseActor: true, ...(maxAuthAge === undefined ? {} : { maxAuthAge }) });
  if (own === undefined) throw sessionOver();
  const userKey = await checkAlive(http, own);
  const userId = own.getUserId();
  const query = queryOf(exchange);
  const handle = query.get("handle");
  if (handle === null && query.get("others") === "true") {
    return ok({ revoked: await http.sessions.revokeAllSessionsForUser(userId, { except: own.getHandle() }) });
  }
  if (handle === null) return { ...ok({ message: "name a session with ?handle=, or ?others=true" }), status: 400 };
  if (handle === own.getHandle()) return ok({ revoked: (await own.revokeSession()) ? 1 : 0 });
  const other = await findOwnSession(http, handle, userKey);
  const event = { reason: "revoked", userId, ...(other === undefined ? {} : actorField(other)) } as const;
  const revoked = other !== undefined && (await revokeSession(http.session, handle, event));
  return ok({ revoked: revoked ? 1 : 0 });
}

/** `?handle=<handle>` gets the label of a header; without it, or if it is empty, it gets none. */
async function renameOwnSession(http: HttpContext, exchange: HttpExchange): Promise<HttpResponse> {
  const own = await protect(http, exchange, { refuseActor: true });
  if (own === undefined) throw sessionOver();
  const userKey = await checkAlive(http, own);
  const query = queryOf(exchange);
  const handle = query.get("handle");
  if (handle === null) return { ...ok({ message: "name a session with ?handle=" }), status: 400 };
  const wanted = readLabel(exchange.header(HEADERS.label) ?? "");
  if (wanted === undefined) return { ...ok({ message: `${HEADERS.label} takes an encoded label` }), status: 400 };
  const other = await findOwnSession(http, handle, userKey);
  if (other === undefined) return ok({ renamed: 0 });
  const label = await renameSession(http.session, handle, wanted);
  return ok({ renamed: 1, label });
}

/** @returns undefined if the text is no part of a URI, or too long for any label */
function readLabel(text: string): string | undefined {
  if (text.length > MAX_LABEL) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * Opens a stream that tells a page of the end of its session. `HEAD` asks whether it would. A page
 * of another site must not open streams in the name of its visitors.
 */
async function streamToPage(http: HttpContext, exchange: HttpExchange): Promise<HttpResponse> {
  refuseCrossSite(http.session, exchange, findForeignSite);
  const { transport } = await http.credentials.access(exchange);
  if (transport !== "cookie") return { ...ok({ message: "this is for sessions in cookies" }), status: 400 };
  const own = await protect(http, exchange, {});
  if (own === undefined) throw sessionOver();
  await checkAlive(http, own);
  return exchange.method === "HEAD" ? ok({}) : http.pages.respond(own.getHandle());
}

/** A handle of another user gets the same response as an unknown one. */
async function findOwnSession(
  { session: context }: HttpContext,
  handle: string,
  userKey: string,
): Promise<SessionRecord | undefined> {
  const found = isHandle(handle) ? await findLiveSession(context, handle) : undefined;
  return found?.userKey === userKey ? found : undefined;
}

/**
 * Checks that the current session still exists. These routes use the store anyway, so a copied
 * token of an ended session is refused even without revocation checks.
 */
async function checkAlive({ session: context }: HttpContext, own: RequestSession): Promise<string> {
  const record = await findLiveSession(context, own.getHandle());
  if (record === undefined) throw sessionOver();
  return record.userKey;
}

const sessionOver = (): SessionError =>
  unauthorised("SESSION_NOT_FOUND", "the session has been revoked or has expired");

const queryOf = (exchange: HttpExchange): URLSearchParams =>
  new URLSearchParams(exchange.url.slice(pathOf(exchange).length));

/** SuperTokens web clients read the status from the body. */
const done = ({ session: context }: HttpContext): HttpResponse =>
  ok(context.policy.http.supertokens ? { status: "OK" } : {});

const ok = (body: unknown): HttpResponse => ({ status: 200, headers: { "cache-control": "no-store" }, body });
