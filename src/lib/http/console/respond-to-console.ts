/** The operators' console as rules over an exchange. Adapters mount it. */
import type { Awaitable } from "../../awaitable.ts";
import { cutText } from "../../cut-text.ts";
import { ERROR_TYPES, generalError, isErrorFromAuth, unauthorised } from "../../errors.ts";
import { findLiveSession } from "../../session/manage-sessions.ts";
import type { UserId } from "../../session/user-id.ts";
import type { ConsoleSettings } from "../check-options.ts";
import type { HttpContext } from "../context.ts";
import { findCrossSiteSignIn, isOwn } from "../cross-site.ts";
import { type HttpExchange, type HttpResponse, isUnsafe } from "../exchange/exchange.ts";
import { endsSession, hasCode, hasType } from "../outcomes.ts";
import { isPageLoad, refreshAddress } from "../page-load.ts";
import { protect } from "../protect.ts";
import { redirect, respondToError } from "../respond-to-error.ts";
import { revokeAll, revokeOne, rotateKey } from "./console-changes.ts";
import { readFacts } from "./console-facts.ts";
import * as notices from "./console-notices.ts";
import { createLinks, type Links } from "./console-links.ts";
import { renderPage } from "./console-page.ts";
import { type Asked, type Change, findResource, readAsked, type Resource } from "./console-request.ts";
import { SCRIPT } from "./console-script.ts";
import { STYLE } from "./console-style.ts";
import type { ReuseLog } from "./reuse-log.ts";

/** Asks the app. */
export type Authorize = () => Awaitable<unknown>;

/** A console, and what it has seen. */
export interface ConsoleState extends ConsoleSettings {
  readonly reuses: ReuseLog;
}

interface Visit extends ConsoleState {
  readonly http: HttpContext;
  readonly exchange: HttpExchange;
  readonly links: Links;
  /** The name that the app gave; null if it gave none. */
  readonly operator: string | null;
}

/** No inline code, no frame, and nothing of another origin. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // With no-referrer browsers would send no Origin along with a form.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Responds to requests for the console; undefined for all others, and for requests that the app
 * does not authorize: they get the app's own 404.
 */
export async function respondToConsole(
  state: ConsoleState,
  http: HttpContext,
  exchange: HttpExchange,
  authorize: Authorize,
): Promise<HttpResponse | undefined> {
  const { basePath } = http.session.policy.http;
  const resource = findResource(exchange, state.path, basePath);
  if (resource === undefined || exchange.method === "OPTIONS") return undefined;
  const links = createLinks(basePath + state.path);
  try {
    const operator = toOperator(await authorize());
    if (operator === undefined) return undefined;
    return await respond({ ...state, http, exchange, links, operator }, resource);
  } catch (error) {
    return refuse(http, exchange, links, error);
  }
}

/** Anything but true and a name refuses, for instance an object or a forgotten return. */
function toOperator(answer: unknown): string | null | undefined {
  if (answer === true) return null;
  return typeof answer === "string" && answer !== "" ? cutText(answer, MAX_NAME) : undefined;
}

const MAX_NAME = 256;

async function respond(visit: Visit, resource: Resource): Promise<HttpResponse> {
  const { http, exchange } = visit;
  refuseOtherOrigins(http, exchange);
  const isChange = exchange.method === "POST" && resource === "page";
  if (isUnsafe(exchange) && !isChange)
    return { status: 405, headers: { ...HEADERS, allow: resource === "page" ? "GET, POST" : "GET" }, body: undefined };
  switch (resource) {
    case "style":
      return text(STYLE, "text/css; charset=utf-8");
    case "script":
      return text(SCRIPT, "text/javascript; charset=utf-8");
    case "page":
      return isChange ? change(visit, readAsked(exchange)) : show(visit, readAsked(exchange), undefined);
  }
}

const text = (body: string, type: string, status = 200): HttpResponse => ({ status, headers: HEADERS, body, type });

/**
 * As for a sign-in, but no other origin is trusted here, and `http.csrf: "report"` does not apply:
 * only the own pages, and a link to the console, lead in.
 */
function refuseOtherOrigins(http: HttpContext, exchange: HttpExchange): void {
  const policy = { ...http.session.policy.http, trustedOrigins: NO_ORIGINS };
  const origin = exchange.header("origin");
  // A script, in a browser that does not say from which site; CORS may let a trusted one read.
  const isScript = origin !== undefined && exchange.header("sec-fetch-site") === undefined;
  const reason = findCrossSiteSignIn(exchange, policy);
  if (reason === undefined && !(isScript && !isOwn(origin, exchange, policy))) return;
  const error = generalError("CSRF_REFUSED", `refused ${reason ?? "a script of another origin"}`);
  http.watch.note(exchange, error);
  throw error;
}

const NO_ORIGINS: ReadonlySet<string> = new Set();

async function change(visit: Visit, asked: Asked): Promise<HttpResponse> {
  const { http, exchange, maxAuthAge } = visit;
  if (asked.change === undefined) return show(visit, asked, notices.unknownChange());
  try {
    // The anti-CSRF token cannot come with a form; the origin was checked instead.
    const demands = { maxAuthAge, refuseActor: true, sessionRequired: false, antiCsrfCheck: false } as const;
    const own = await protect(http, exchange, demands, false);
    if (own !== undefined && (await findLiveSession(http.session, own.getHandle())) === undefined)
      throw unauthorised("SESSION_NOT_FOUND", "the session has been revoked or has expired");
  } catch (error) {
    if (hasCode(error, "ACTOR_REFUSED")) return show(visit, asked, notices.acted());
    if (!hasCode(error, "STEP_UP_REQUIRED")) throw error;
    return show(visit, asked, notices.stepUp(maxAuthAge));
  }
  try {
    return await show(visit, asked, await make(visit, asked.change, asked));
  } catch (error) {
    if (!isErrorFromAuth(error)) throw error;
    return show(visit, asked, notices.failure(error));
  }
}

async function make(
  { http, operator }: Visit,
  wanted: Change,
  { handle, search }: Asked,
): Promise<notices.ConsoleNotice> {
  switch (wanted) {
    case "revoke":
      return notices.revokedOne(handle, await revokeOne(http, operator, handle), http.session.policy);
    case "revoke-all":
      if (search.kind !== "user") return notices.unknownChange();
      return notices.revokedAll(search.userId, await revokeAll(http, operator, search.userId), http.session.policy);
    case "rotate-key":
      return notices.rotated(await rotateKey(http, operator), http.session.now());
  }
}

async function show(visit: Visit, asked: Asked, outcome: notices.ConsoleNotice | undefined): Promise<HttpResponse> {
  const { http, operator, links, reuses } = visit;
  const facts = await readFacts(http, operator, asked);
  const first = outcome ?? (asked.isRetry ? notices.retry() : undefined);
  // One outage fails everything, and is told once.
  const failures = first?.isAlert === true ? [] : facts.failures.slice(0, 1).map(notices.failure);
  const told = [...(first === undefined ? [] : [first]), ...failures];
  const status = told.find((notice) => notice.status !== undefined)?.status ?? 200;
  const page = renderPage({ operator, links, asked, facts, reuses, notices: told, session: http.session });
  return text(page.text, "text/html; charset=utf-8", status);
}

/**
 * A page or a form cannot refresh as a script does. The refresh route gets the refresh token, and
 * leads back to the page; a change has to be asked for again.
 */
function refuse(http: HttpContext, exchange: HttpExchange, links: Links, error: unknown): HttpResponse {
  const { policy, now } = http.session;
  const response = respondToError(error, policy.http);
  if (response === undefined) throw error;
  // Of an ended session only the refresh route clears the cookies.
  const isCured = hasType(error, ERROR_TYPES.TRY_REFRESH_TOKEN) || endsSession(error);
  const isForm = isUnsafe(exchange) && (exchange.header("sec-fetch-mode") ?? "navigate") === "navigate";
  if (!isCured || response.headers["location"] !== undefined || !(isPageLoad(exchange) || isForm)) return response;
  const url = isForm ? links.retry(userOf(readAsked(exchange))) : exchange.url;
  const address = refreshAddress({ url }, policy, now());
  return address === undefined ? response : redirect(address);
}

const userOf = ({ search }: Asked): UserId | undefined => (search.kind === "user" ? search.userId : undefined);
