/** What pages of each origin may do. */
import { HEADERS, MESSAGES, ROUTES } from "../../../protocol.ts";
import { quote } from "../../notices.ts";
import { siteOf } from "../../options/site.ts";
import type { Policy } from "../../policy.ts";
import { hasCookies } from "./cookie-checks.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";
import type { RefreshRoute } from "./refresh-route.ts";
import { describeSeen, hasMember, headerOf, isOverloaded, type Seen, type Visit } from "./visit.ts";

/** The most origins that are checked. */
const MOST_ORIGINS = 20;

/** A name that never exists (RFC 2606). */
const FOREIGN = "https://counterfoil-doctor.invalid";

export const FOREIGN_CHECK = "foreign-origin";

const ALLOWED = "access-control-allow-origin";

/** The headers that the library's client sends from a page of another origin. */
const SENT = [HEADERS.antiCsrf, HEADERS.custom, "content-type"];

export async function checkOrigins(
  visit: Visit,
  route: RefreshRoute,
  { policy, origins }: { readonly policy: Policy | undefined; readonly origins: readonly string[] },
): Promise<readonly Finding[]> {
  const findings: Finding[] = [await checkOwnOrigin(visit, route, policy)];
  const others = origins.filter((origin) => origin !== visit.origin);
  for (const origin of others.slice(0, MOST_ORIGINS)) findings.push(await checkPage(visit, route, { origin, others }));
  if (others.length > MOST_ORIGINS)
    findings.push(unknown("origin", `Only the first ${MOST_ORIGINS} origins were looked at.`));
  findings.push(await checkForeign(visit));
  return findings;
}

/** Browsers without Fetch Metadata say only where the page comes from. */
async function checkOwnOrigin(
  visit: Visit,
  { path, seen: plain }: RefreshRoute,
  policy: Policy | undefined,
): Promise<Finding> {
  const { origin } = visit;
  const seen = await visit.ask({ method: "POST", path, headers: { origin } });
  if (seen.status === 403 && seen.message === MESSAGES.csrf) {
    const known = policy?.http.publicOrigin;
    const is = known === undefined ? "" : ` http.publicOrigin is ${quote(known)}.`;
    return wrong(
      "public-origin",
      `The app takes pages of ${quote(origin)} for those of another site (403 csrf).${is} Browsers without Sec-Fetch-Site cannot sign in.`,
      `http: { publicOrigin: ${quote(origin)} }`,
    );
  }
  return seen.status === plain.status
    ? ok("public-origin", `Pages of ${quote(origin)} may call the app.`)
    : unknown("public-origin", `With an Origin, POST ${path} is answered with ${describeSeen(seen)}.`);
}

interface Page {
  readonly origin: string;
  /** All origins that are to be trusted. */
  readonly others: readonly string[];
}

async function checkPage(
  visit: Visit,
  { path, seen: plain }: RefreshRoute,
  { origin, others }: Page,
): Promise<Finding> {
  const site = siteOf(origin) === siteOf(visit.origin) ? "same-site" : "cross-site";
  const fetched = { origin, "sec-fetch-site": site, "sec-fetch-mode": "cors" };
  const preflight = await visit.ask({
    method: "OPTIONS",
    path,
    headers: { ...fetched, "access-control-request-method": "POST", "access-control-request-headers": SENT.join(",") },
  });
  const trust = `http: { trustedOrigins: ${JSON.stringify(others)} }`;
  const page = `A page of ${quote(origin)}`;
  if (isOverloaded(preflight))
    return unknown("origin", `${page}: its preflight is answered with ${describeSeen(preflight)}.`);
  const fault = faultOf(preflight, origin);
  if (fault !== undefined)
    return wrong("origin", `${page} cannot call the app: the response to its preflight ${fault}`, trust);
  const missing = SENT.filter((name) => !hasMember(preflight, "access-control-allow-headers", name));
  if (missing.length > 0 || preflight.status > 299)
    return wrong(
      "origin",
      preflight.status > 299
        ? `${page} cannot call the app: its preflight is answered with ${describeSeen(preflight)}.`
        : `${page} cannot send ${missing.join(", ")}: another CORS set-up answers its preflight before the session routes. Leave these origins to the session routes, and mount them first.`,
      trust,
    );
  const seen = await visit.ask({ method: "POST", path, headers: fetched });
  if (seen.status === 403 && seen.message === MESSAGES.csrf)
    return wrong("origin", `${page} is refused as one of another site (403 csrf).`, trust);
  if (seen.status !== plain.status)
    return unknown("origin", `${page}: POST ${path} is answered with ${describeSeen(seen)}.`);
  const later = faultOf(seen, origin);
  if (later !== undefined)
    return wrong("origin", `${page} cannot read what the app answers: the response ${later}`, trust);
  const hidden = (
    hasCookies(plain, undefined) === true ? [HEADERS.session, HEADERS.antiCsrf] : [HEADERS.access]
  ).filter((name) => !hasMember(seen, "access-control-expose-headers", name));
  if (hidden.length > 0)
    return wrong(
      "origin",
      `${page} cannot read ${hidden.join(", ")}: a proxy or another CORS set-up replaces Access-Control-Expose-Headers.`,
      trust,
    );
  if (!hasMember(seen, "vary", "Origin"))
    return wrong(
      "origin",
      `The responses for ${quote(origin)} arrive without Vary: Origin, so a cache gives them to pages of other origins: a proxy takes it away.`,
      "proxy_pass_header Vary;",
    );
  return ok("origin", `${page} can call the app.`);
}

/** The end of a sentence. */
function faultOf(seen: Seen, origin: string): string | undefined {
  const allowed = headerOf(seen, ALLOWED);
  if (allowed === "")
    return `has no Access-Control-Allow-Origin. If the config trusts it already, something before the session routes answers.`;
  if (allowed === "*") return `has Access-Control-Allow-Origin: *, which browsers refuse for requests with cookies.`;
  const all = allowed.split(",").map((each) => each.trim());
  if (all.length > 1)
    return `has Access-Control-Allow-Origin ${all.length} times, which browsers refuse: a proxy adds one of its own. Take that out of the proxy.`;
  if (allowed !== origin) return `allows ${quote(allowed)}, which is another origin.`;
  return headerOf(seen, "access-control-allow-credentials") === "true"
    ? undefined
    : `has no Access-Control-Allow-Credentials: true, without which browsers withhold it.`;
}

/** No page of an unknown site may read what a user sees. */
async function checkForeign({ ask, origin, basePath }: Visit): Promise<Finding> {
  // No request of a script, so the app does not take it for a page whose origin was forgotten.
  const headers = { origin: FOREIGN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  for (const path of [`${basePath}/`, basePath + ROUTES.sessions]) {
    const seen = await ask({ method: "GET", path, headers });
    if (isOverloaded(seen)) return unknown(FOREIGN_CHECK, `GET ${path} is answered with ${describeSeen(seen)}.`);
    if (headerOf(seen, ALLOWED) !== FOREIGN || headerOf(seen, "access-control-allow-credentials") !== "true") continue;
    return wrong(
      FOREIGN_CHECK,
      `GET ${path} lets pages of every site read its response with the user's cookies: a CORS set-up repeats any Origin. Name the origins that you trust there.`,
      `cors({ origin: [${quote(origin)}], credentials: true })`,
    );
  }
  return ok(FOREIGN_CHECK, "Pages of unknown sites cannot read responses.");
}
