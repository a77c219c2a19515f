/** Finds the refresh route at an address, as a browser without a session would. */
import { MESSAGES, HEADERS, REFRESH_CHALLENGE, ROUTES, SUPERTOKENS_ROUTES } from "../../../protocol.ts";
import { isBelow } from "../../options/base-path.ts";
import { quote } from "../../notices.ts";
import type { Policy } from "../../policy.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";
import { describeSeen, headerOf, type Seen, type Visit } from "./visit.ts";

/** The refresh route, and its response to a request without a token. */
export interface RefreshRoute {
  /** The path in the browser. */
  readonly path: string;
  readonly seen: Seen;
}

export interface RouteSearch {
  /** Undefined if nothing more can be said. */
  readonly route?: RefreshRoute;
  readonly findings: readonly Finding[];
}

const DEFAULT_PATH = "/session/refresh";

const CHECK = "refresh-route";

/** @param given the path of the refresh route in the app, from an option */
export async function findRefreshRoute(
  visit: Visit,
  policy: Policy | undefined,
  given: string | undefined,
): Promise<RouteSearch> {
  const { basePath, origin } = visit;
  const paths = refreshPaths(basePath, policy, given);
  const [path = DEFAULT_PATH] = paths;
  let first: Seen | undefined;
  for (const each of paths) {
    const seen = await visit.ask({ method: "POST", path: each });
    first ??= seen;
    if (isRefused(seen)) {
      const text = `POST ${each} is answered by the session routes.`;
      return { route: { path: each, seen }, findings: [ok(CHECK, text)] };
    }
  }
  if (first === undefined) return { findings: [] };
  const redirected = await followRedirect(visit, path, first);
  if (redirected !== undefined) return redirected;
  const isReached = await reachesOthers(visit);
  return { findings: [judge({ path, seen: first, isReached, basePath, policy, origin })] };
}

/** In the order in which they are tried. */
function refreshPaths(basePath: string, policy: Policy | undefined, given: string | undefined): readonly string[] {
  const own = given ?? policy?.cookie.renewTokenPath;
  if (own !== undefined) return [basePath !== "" && isBelow(own, basePath) ? own : basePath + own];
  const { base, refresh } = SUPERTOKENS_ROUTES;
  return [basePath + DEFAULT_PATH, basePath + base + refresh];
}

/** The refresh route refuses a request without a token so. */
const isRefused = (seen: Seen): boolean =>
  (seen.status === 401 || seen.status === 440) &&
  (seen.message === MESSAGES.unauthorised || headerOf(seen, HEADERS.session) === "none");

/** Browsers repeat a POST with its method only after 307 and 308. */
async function followRedirect(visit: Visit, path: string, first: Seen): Promise<RouteSearch | undefined> {
  if (first.status < 300 || first.status > 399) return undefined;
  const location = headerOf(first, "location");
  const target = URL.canParse(location, visit.origin + path) ? new URL(location, visit.origin + path) : undefined;
  const to = target === undefined ? "another address" : quote(target.origin + target.pathname);
  const told = `POST ${path} is redirected to ${to} (${first.status})`;
  if (target !== undefined && target.origin !== visit.origin)
    return { findings: [unknown(CHECK, `${told}. Start the doctor with the address that browsers end up with.`)] };
  if (target !== undefined && (first.status === 307 || first.status === 308)) {
    const seen = await visit.ask({ method: "POST", path: target.pathname });
    if (isRefused(seen))
      return { route: { path: target.pathname, seen }, findings: [ok(CHECK, `${told}, by the session routes.`)] };
  }
  return { findings: [wrong(CHECK, `${told}, which is not the refresh route. ${MOUNT}`, MOUNT_LINE)] };
}

/** Whether another session route answers. */
async function reachesOthers(visit: Visit): Promise<boolean> {
  const [list, keys] = await Promise.all(
    [ROUTES.sessions, ROUTES.jwks].map((route) => visit.ask({ method: "GET", path: visit.basePath + route })),
  );
  return (
    (list?.status === 401 && headerOf(list, "www-authenticate").includes(REFRESH_CHALLENGE)) ||
    (keys?.status === 200 && typeof keys.json === "object" && keys.json !== null && "keys" in keys.json)
  );
}

interface Judged {
  readonly path: string;
  readonly seen: Seen;
  readonly isReached: boolean;
  readonly basePath: string;
  readonly origin: string;
  readonly policy: Policy | undefined;
}

/** What answers in place of the refresh route. */
function judge({ path, seen, isReached, basePath, policy }: Judged): Finding {
  const told = `POST ${path} is answered with ${describeSeen(seen)}, and not by the session routes`;
  const challenge = headerOf(seen, "www-authenticate");
  if (seen.message === MESSAGES.tryRefreshToken)
    return wrong(CHECK, `${told}: a guard such as verifySession() stands before them. ${MOUNT}`, MOUNT_LINE);
  if (seen.message === MESSAGES.unavailable)
    return wrong(CHECK, `POST ${path} is answered with 503: the app cannot use its database. Look at its log.`);
  if (seen.status === 401 && challenge.includes(REFRESH_CHALLENGE))
    return wrong(
      CHECK,
      `The response of POST ${path} arrives without its body: a proxy puts a page of its own in its place.`,
      "proxy_intercept_errors off;",
    );
  if (seen.status === 502 || seen.status === 504)
    return wrong(CHECK, `POST ${path} is answered with ${seen.status}: the proxy does not reach the app.`);
  if (!isSomebodyElses(seen)) return unknown(CHECK, `${told}. Something before the app may have refused it.`);
  // A path of its own that nobody has told the doctor.
  const elsewhere = policy === undefined ? " If the route has another path, name it with --refresh-path." : "";
  if (isReached)
    return wrong(
      CHECK,
      `${told}, which do answer elsewhere: a handler before them takes it. ${MOUNT}${elsewhere}`,
      MOUNT_LINE,
    );
  if (basePath !== "" && (policy === undefined || policy.http.basePath !== basePath))
    return wrong(
      CHECK,
      `${told}. If a proxy keeps ${quote(basePath)}, the app has to know it. Otherwise look whether the session routes are mounted.${elsewhere}`,
      `http: { basePath: ${quote(basePath)} }`,
    );
  return wrong(CHECK, `${told}. ${MOUNT}${elsewhere}`, MOUNT_LINE);
}

/** The refresh route never responds so, and nothing that guards the whole app does. */
const isSomebodyElses = ({ status }: Seen): boolean => status < 300 || [404, 405, 501].includes(status);

const MOUNT = "Mount the session routes first, at the root of the app, before every other handler.";

const MOUNT_LINE = "app.use(sessionRoutes())";
