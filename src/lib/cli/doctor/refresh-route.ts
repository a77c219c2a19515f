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
  const { basePath } = visit;
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
  if ("route" in redirected || redirected.findings.length > 0) return redirected;
  const others = await findOthers(visit);
  const isTold = policy !== undefined || given !== undefined;
  const finding = judge({ path, seen: first, ...others, basePath, policy });
  // The route may have another path, which is no fault.
  const isCertain = isTold || finding.isCertain || (others.hasKeys && !others.hasList);
  const { verdict, text, write } = finding;
  if (verdict !== "wrong" || isCertain) return { findings: [{ check: CHECK, verdict, text, write }] };
  return { findings: [unknown(CHECK, `${text} ${ELSEWHERE}`, write)] };
}

const ELSEWHERE = "If the refresh route has another path, give the config, or name the path with --refresh-path.";

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
async function followRedirect(visit: Visit, path: string, first: Seen): Promise<RouteSearch> {
  if (first.status !== 307 && first.status !== 308) {
    const told = first.status >= 300 && first.status < 400 ? foreignTarget(visit, path, first) : undefined;
    return { findings: told === undefined ? [] : [told] };
  }
  const told = foreignTarget(visit, path, first);
  if (told !== undefined) return { findings: [told] };
  const target = targetOf(visit, path, first);
  if (target === undefined) return { findings: [] };
  const seen = await visit.ask({ method: "POST", path: target.pathname });
  if (!isRefused(seen)) return { findings: [] };
  const text = `POST ${path} is redirected to ${quote(target.pathname)} (${first.status}), and answered there.`;
  return { route: { path: target.pathname, seen }, findings: [ok(CHECK, text)] };
}

function targetOf({ origin }: Visit, path: string, seen: Seen): URL | undefined {
  const location = headerOf(seen, "location");
  return URL.canParse(location, origin + path) ? new URL(location, origin + path) : undefined;
}

/** As from http to https, or to another host. */
function foreignTarget(visit: Visit, path: string, seen: Seen): Finding | undefined {
  const target = targetOf(visit, path, seen);
  if (target === undefined || target.origin === visit.origin) return undefined;
  return unknown(
    CHECK,
    `POST ${path} is redirected to ${quote(target.origin)} (${seen.status}). Start the doctor with the address that browsers end up with.`,
  );
}

interface Others {
  /** Whether the list of sessions is answered by the session routes. */
  readonly hasList: boolean;
  readonly hasKeys: boolean;
}

async function findOthers({ ask, basePath }: Visit): Promise<Others> {
  const list = await ask({ method: "GET", path: basePath + ROUTES.sessions });
  const keys = await ask({ method: "GET", path: basePath + ROUTES.jwks });
  return {
    hasList: list.status === 401 && headerOf(list, "www-authenticate").includes(REFRESH_CHALLENGE),
    hasKeys: keys.status === 200 && typeof keys.json === "object" && keys.json !== null && "keys" in keys.json,
  };
}

interface Judged extends Others {
  readonly path: string;
  readonly seen: Seen;
  readonly basePath: string;
  readonly policy: Policy | undefined;
}

/** What answers in place of the refresh route. `isCertain`: whatever the path of the route is. */
function judge(judged: Judged): Finding & { readonly isCertain?: true } {
  const { path, seen, hasList, hasKeys, basePath, policy } = judged;
  const told = `POST ${path} is answered with ${describeSeen(seen)}, and not by the session routes`;
  if (seen.message === MESSAGES.tryRefreshToken)
    return wrong(CHECK, `${told}: a guard such as verifySession() stands before them. ${MOUNT}`, MOUNT_LINE);
  if (seen.message === MESSAGES.unavailable) {
    const text = `POST ${path} is answered with 503: the app cannot use its database. Look at its log.`;
    return { ...wrong(CHECK, text), isCertain: true };
  }
  if (seen.status === 401 && headerOf(seen, "www-authenticate").includes(REFRESH_CHALLENGE)) {
    const text = `The response of POST ${path} arrives without its body: a proxy puts a page of its own in its place.`;
    return wrong(CHECK, text, "proxy_intercept_errors off;");
  }
  if (seen.status === 502 || seen.status === 504) {
    const text = `POST ${path} is answered with ${seen.status}: the proxy does not reach the app.`;
    return { ...wrong(CHECK, text), isCertain: true };
  }
  if (!isSomebodyElses(seen)) return unknown(CHECK, `${told}. Something before the app may have refused it.`);
  if (hasList || hasKeys)
    return wrong(CHECK, `${told}, which do answer other paths: a handler before them takes it. ${MOUNT}`, MOUNT_LINE);
  const known = policy?.http.basePath ?? "";
  if (basePath === "" && known !== "")
    return unknown(CHECK, `${told}. http.basePath is ${quote(known)}: start the doctor with the address of that path.`);
  if (basePath !== known)
    return wrong(
      CHECK,
      `${told}. If a proxy keeps ${quote(basePath)}, the app has to know it. Otherwise look whether the session routes are mounted.`,
      `http: { basePath: ${quote(basePath)} }`,
    );
  return wrong(CHECK, `${told}. ${MOUNT}`, MOUNT_LINE);
}

/** The refresh route never responds so, and nothing that guards the whole app does. */
const isSomebodyElses = ({ status }: Seen): boolean =>
  status < 300 || [301, 302, 303, 307, 308, 404, 405, 501].includes(status);

const MOUNT = "Mount the session routes first, at the root of the app, before every other handler.";

const MOUNT_LINE = "app.use(sessionRoutes())";
