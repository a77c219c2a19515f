/** Notices for developers about requests which show that the set-up cannot work. */
import type { HttpPolicy, Policy } from "../policy.ts";
import { isHostName } from "../cookie-names.ts";
import { isLocalOrigin, parseOrigin } from "../options/origin.ts";
import { ERROR_TYPES, type SessionError } from "../errors.ts";
import { type Notice, quote } from "../notices.ts";
import { isSameHost } from "./cross-site.ts";
import { type ResponseHead, type HttpExchange, pathOf } from "./exchange/exchange.ts";

/** The most configured origins in a message. */
const MOST_ORIGINS = 5;

/** Why an unsafe request or a sign-in counts as cross-site. */
export function unknownOrigin(exchange: HttpExchange, policy: HttpPolicy): Notice {
  const origin = exchange.header("origin");
  const seen = origin === undefined ? "without an Origin" : `from the Origin ${quote(origin)}`;
  return {
    code: "COUNTERFOIL_ORIGIN",
    about: origin ?? "",
    write: () =>
      `A request ${seen} was refused as one of another site (403 csrf). ${describeOrigins(exchange, policy)} ${curesOf(origin, policy)}`,
  };
}

/** The browser will not let a page of another origin read the response. */
export function withheldResponse(exchange: HttpExchange, origin: string, policy: HttpPolicy): Notice {
  return {
    code: "COUNTERFOIL_CORS",
    about: origin,
    write: () =>
      `A page of the Origin ${quote(origin)} asks this app, and its browser withholds the answer (CORS), since no access-control-allow-origin names the page. ${describeOrigins(exchange, policy)} ` +
      `If the page is yours, write http: { trustedOrigins: ${listOf([...policy.trustedOrigins, origin])} }, and mount the ready routes before your own.`,
  };
}

/** The browser drops the cookies of a sign-in, because the page was not loaded by https. */
export function insecurePage(exchange: HttpExchange, { cookie }: Policy): Notice | undefined {
  const origin = parseOrigin(exchange.header("origin") ?? "");
  if (!cookie.secure || origin === undefined || !origin.startsWith("http:") || isLocalOrigin(origin)) return undefined;
  // The scheme of another host than the page's is unknown; it may be https.
  if (!isSameHost(origin, exchange)) return undefined;
  const prefix = isHostName(cookie.names.refresh) ? ", hostPrefix: false" : "";
  return {
    code: "COUNTERFOIL_SECURE_COOKIE",
    about: origin,
    write: () =>
      `A user signed in on a page of "${origin}", and the browser drops the cookies: cookie.secure is true, and the page is not loaded by https. ` +
      `Serve it by https. For development over http write cookie: { secure: false${prefix} } and http: { publicOrigin: "${origin}" }, or open it at localhost.`,
  };
}

/** The browser drops the cookies of a sign-in, because the page belongs to another site. */
export function otherSite(exchange: HttpExchange, { cookie }: Policy): Notice | undefined {
  if (cookie.sameSite === "none" || exchange.header("sec-fetch-site") !== "cross-site") return undefined;
  // A page load keeps the cookies, even after a link on another site.
  const mode = exchange.header("sec-fetch-mode");
  if (mode === undefined || mode === "navigate") return undefined;
  const origin = exchange.header("origin") ?? "";
  return {
    code: "COUNTERFOIL_SAME_SITE",
    about: origin,
    write: () =>
      `A user signed in on a page of ${quote(origin)}, which is another site than this app (host ${quote(exchange.header("host") ?? "")}), and the browser drops the cookies: cookie.sameSite is "${cookie.sameSite}". ` +
      'Give both one site (localhost and 127.0.0.1 are two, and so are http and https), or write cookie: { sameSite: "none" }, which browsers without third-party cookies still drop.',
  };
}

/** The refresh route got our other cookies, but not the refresh cookie. */
export function missingRefreshCookie(exchange: HttpExchange, { cookie, http }: Policy): Notice {
  const { refresh } = cookie.names;
  return {
    code: "COUNTERFOIL_COOKIE_PATH",
    write: () =>
      `A refresh came to ${quote(pathOf(exchange))} with cookies of ours and without ${refresh}. The Path of that cookie is "${cookie.refreshPath}" (http.basePath is "${http.basePath}"), and browsers send it only to what they see as this path. ` +
      `${curesOfPath(exchange, cookie.renewTokenPath, http.basePath)} ` +
      'If another app on this host sets cookies of the same names (ports share them), give one a name of its own, as in cookie: { prefix: "shop" }.',
  };
}

/** How to align the requested path with the cookie's path. */
function curesOfPath(exchange: HttpExchange, renewTokenPath: string, basePath: string): string {
  const hidden = (base: string): string =>
    `If a proxy strips or renames the path, so that browsers see "${base}${renewTokenPath}", write http: { basePath: "${base}" }.`;
  if (basePath === "") return hidden("/shop");
  if (pathOf(exchange).startsWith(`${basePath}/`)) return hidden(`/outer${basePath}`);
  return (
    `If the page asked for it without the base path, write createSessionClient({ basePath: "${basePath}" }) there, or the whole address in a fetch of your own. ` +
    `If browsers see the app at the root, leave http.basePath out. ${hidden("/other")}`
  );
}

/** A client with a session sends no cookie. */
export function lostCookies(exchange: HttpExchange, { cookie }: Policy): Notice {
  return {
    code: "COUNTERFOIL_COOKIES_LOST",
    write: () =>
      `A client that has just signed in, or has an anti-CSRF token, sends ${exchange.header("cookie") === undefined ? "no cookie at all" : "other cookies, and none of ours"}. ` +
      `Look whether a proxy takes the headers Cookie or Set-Cookie away; whether a fetch of your own to another origin has credentials: "include"; whether the browser keeps ${cookie.names.marker} (its tools show why not, for instance because third-party cookies are blocked).`,
  };
}

/** A token names a signing key that is not in the store. */
export function unknownKey(isMemory: boolean): Notice {
  if (isMemory) {
    return {
      code: "COUNTERFOIL_MEMORY_STORE",
      write: () =>
        "A token came that another process has signed, or this one before it was started anew: the store keeps sessions and keys in this process only. " +
        'For several processes, or sessions that outlive a restart, write store: sqlite({ path }) from "counterfoil/sqlite", or the store of a database server.',
    };
  }
  return {
    code: "COUNTERFOIL_UNKNOWN_KEY",
    write: () =>
      "A token came that names a signing key which is not in the store. Its session is kept somewhere else: look whether all processes name one database and one tablePrefix or keyPrefix, " +
      "and whether another app on this host sets cookies of the same names (ports share them; cookie.prefix tells them apart). After a database was replaced, or by revokeAllSessions(), it is right.",
  };
}

/** Our refusal was sent with a status upon which the browser does not refresh. */
export function refusalWithWrongStatus(error: SessionError, head: ResponseHead): Notice | undefined {
  const { status, code } = error;
  const isServersFault = head.status >= 500 && status < 500;
  // Without a token there may be nothing to refresh.
  const isHidden =
    head.status === 200 && error.errType === ERROR_TYPES.TRY_REFRESH_TOKEN && code !== "ACCESS_TOKEN_MISSING";
  if (!isServersFault && !isHidden) return undefined;
  return {
    code: "COUNTERFOIL_ERROR_HANDLER",
    write: () =>
      `A refusal (${status} ${code}) was answered with ${head.status}, so the browser never refreshes. An error handler that is not ours has taken it. Mount ours before it: ` +
      "Express: app.use(errorHandler()) after the routes; Koa: app.use(sessionRoutes()) after your own; Fastify: setErrorHandler(errorHandler(options, own)); Hono: app.onError(errorHandler(options, own)); Nest: a filter of your own must not catch errors whose status is below 500; " +
      "Nest with Apollo: GraphQLModule.forRoot({ preserveHttpStatusForExecutionErrors: false }). " +
      "Or let your handler answer err.status.",
  };
}

/** Describes the configured origins. */
function describeOrigins(exchange: HttpExchange, { publicOrigin, trustedOrigins }: HttpPolicy): string {
  const host = exchange.header("host");
  const own =
    publicOrigin === undefined
      ? `not set, and the request asks for the host ${host === undefined ? "of no name" : quote(host)}`
      : `"${publicOrigin}"`;
  return `http.publicOrigin is ${own}; http.trustedOrigins is ${listOf([...trustedOrigins])}.`;
}

function curesOf(origin: string | undefined, { trustedOrigins }: HttpPolicy): string {
  if (origin === undefined)
    return "Another site cannot sign visitors in by an image or a script; let it link to the page.";
  const parsed = parseOrigin(origin);
  if (parsed === undefined)
    return "This is no address that can be trusted: pages of files, sandboxed frames and redirects between sites send it. Serve the page from an http or https address.";
  const trusted = listOf([...trustedOrigins, parsed]);
  return `If the page is yours: where this is the address of this very app, write http: { publicOrigin: "${parsed}" }; where it is another one, write http: { trustedOrigins: ${trusted} }.`;
}

function listOf(origins: readonly string[]): string {
  const shown = origins.slice(-MOST_ORIGINS).map((origin) => quote(origin));
  return `[${[...(shown.length < origins.length ? ["..."] : []), ...shown].join(", ")}]`;
}
