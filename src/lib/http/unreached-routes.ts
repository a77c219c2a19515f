import type { Policy } from "../policy.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ROUTES } from "../../protocol.ts";
import { isInProduction, type Notice, quote } from "../notices.ts";
import type { SessionContext } from "../session/context.ts";
import { appPaths } from "./base-path.ts";
import { type HttpExchange, pathOf } from "./exchange/exchange.ts";

/** None of them is a response of the refresh route to a POST. */
const SOMEBODY_ELSES: ReadonlySet<number> = new Set([404, 405, 501]);

const CHANNEL = "http.server.response.finish";

/**
 * Outside production, looks at what the HTTP/1.1 servers of this process have answered to a refresh
 * that never came to the ready routes: no middleware of ours sees it. Until the instance is closed.
 */
export function watchUnreachedRoutes({ policy, refusals, onClose }: SessionContext): void {
  // Where a runtime has no such channel, nothing is told.
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

/** What frameworks keep of an address that they change. */
interface Original {
  readonly originalUrl?: string;
}

const isRefreshPath = (path: string, { http, cookie }: Policy): boolean =>
  appPaths(path, http.basePath).includes(cookie.renewTokenPath);

/** A refresh that a protected route has refused, as if it were any request. */
export function guardedRefresh(exchange: HttpExchange, policy: Policy): Notice | undefined {
  const path = pathOf(exchange);
  if (exchange.method !== "POST" || !isRefreshPath(path, policy)) return undefined;
  return unreached(path, "refused by verifySession() or getSession()");
}

/** A request has passed the ready routes, and may have been meant for them. */
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
