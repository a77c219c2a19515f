import type { Policy } from "../policy.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ROUTES } from "../../protocol.ts";
import { isInProduction, type Notice, quote } from "../notices.ts";
import type { SessionContext } from "../session/context.ts";
import { appPaths } from "./base-path.ts";
import { type HttpExchange, pathOf } from "./exchange/exchange.ts";

/** The refresh route never responds to a POST with these. */
const SOMEBODY_ELSES: ReadonlySet<number> = new Set([404, 405, 501]);

const CHANNEL = "http.server.response.finish";

/**
 * Outside production, watches the responses of this process's HTTP/1.1 servers for refreshes that
 * did not reach the session routes, which no middleware sees. Ends when the instance is closed.
 */
export function watchUnreachedRoutes({ policy, refusals, onClose }: SessionContext): void {
  // Without such a channel in the runtime nothing is reported.
  const channels = isInProduction() ? undefined : process.getBuiltinModule?.("node:diagnostics_channel");
  if (channels === undefined) return;
  const look = (message: unknown): void => {
    const { request, response } = message as { request: IncomingMessage & Original; response: ServerResponse };
    if (request.method !== "POST" || !SOMEBODY_ELSES.has(response.statusCode)) return;
    const path = pathOf({ url: request.originalUrl ?? request.url ?? "/" });
    if (isRefreshPath(path, policy)) refusals.notify(unreached(path, `answered with ${response.statusCode}`));
  };
  channels.subscribe(CHANNEL, look);
  onClose(() => void channels.unsubscribe(CHANNEL, look));
}

/** The original URL, which frameworks keep when they change it. */
interface Original {
  readonly originalUrl?: string;
}

const isRefreshPath = (path: string, { http, cookie }: Policy): boolean =>
  appPaths(path, http.basePath).includes(cookie.renewTokenPath);

/** A protected route refused a refresh like any other request. */
export function guardedRefresh(exchange: HttpExchange, policy: Policy): Notice | undefined {
  const path = pathOf(exchange);
  if (exchange.method !== "POST" || !isRefreshPath(path, policy)) return undefined;
  return unreached(path, "refused by verifySession() or getSession()");
}

/** After a request has passed the session routes, but may have been meant for them. */
export function watchPassedOn(exchange: HttpExchange, { policy, refusals }: SessionContext): void {
  if (exchange.method !== "POST") return;
  const path = pathOf(exchange);
  const own = [policy.cookie.renewTokenPath, ROUTES.signOut].find((one) => path.endsWith(one));
  if (own === undefined) return;
  exchange.beforeHead(({ status }) => {
    if (SOMEBODY_ELSES.has(status))
      refusals.notify(mountedBelow(path.slice(0, -own.length), policy.http.basePath, own));
  });
}

const unreached = (path: string, what: string): Notice => ({
  code: "COUNTERFOIL_ROUTES_NOT_REACHED",
  write: () =>
    `POST ${quote(path)} was ${what}, and not by the ready routes, so no session can be refreshed. Mount them first and at the root of the app, before every handler that answers this path: ` +
    "app.use(sessionRoutes()) in Express, Koa and Hono, withSessions around the handler, sessionPlugin, SessionModule.forRoot(). A refresh route of your own belongs to the path of tokens.refreshToken.renewTokenPath.",
});

const mountedBelow = (prefix: string, basePath: string, own: string): Notice => ({
  code: "COUNTERFOIL_MOUNTED_BELOW",
  about: prefix,
  write: () =>
    `POST ${quote(prefix + own)} was answered with 404: the ready routes answer "${own}", and http.basePath is "${basePath}". ` +
    `If browsers see the app below ${quote(prefix)}, write http: { basePath: ${quote(prefix)} }; and mount the ready routes at the root of the app, with tokens.refreshToken.renewTokenPath as it is without the prefix.`,
});
