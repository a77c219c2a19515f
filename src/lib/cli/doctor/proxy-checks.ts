/** Whether what stands between browser and app passes on what sessions need. */
import { HEADERS, REFRESH_CHALLENGE, ROUTES } from "../../../protocol.ts";
import { isLocalOrigin } from "../../options/origin.ts";
import type { Policy } from "../../policy.ts";
import { hasCookies, readCookies } from "./cookie-checks.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";
import type { RefreshRoute } from "./refresh-route.ts";
import { describeSeen, hasMember, headerOf, type Seen, type Visit } from "./visit.ts";

/** The challenge of a refusal that got a token; without one it has no error (RFC 6750 3.1). */
const ABOUT_TOKEN = 'error="invalid_token"';

const CHALLENGE = "www-authenticate";

/** A value that is no token. */
const BOGUS = "doctor";

export async function checkProxy(
  visit: Visit,
  route: RefreshRoute,
  policy: Policy | undefined,
): Promise<readonly Finding[]> {
  return [
    checkChallenge(route),
    checkCacheHeaders(route),
    ...checkDiagnostics(visit, route),
    ...(await checkPassedOn(visit, route, policy)),
    await checkLongHeaders(visit, route),
  ];
}

function checkChallenge({ path, seen }: RefreshRoute): Finding {
  return headerOf(seen, CHALLENGE).includes(REFRESH_CHALLENGE)
    ? ok(CHALLENGE, "WWW-Authenticate arrives.")
    : wrong(
        CHALLENGE,
        `The response of POST ${path} arrives without its WWW-Authenticate header, by which clients know that they have to refresh: a proxy takes it away.`,
        "proxy_pass_header WWW-Authenticate;",
      );
}

function checkCacheHeaders({ path, seen }: RefreshRoute): Finding {
  return hasMember(seen, "cache-control", "no-store")
    ? ok("cache-control", "Cache-Control arrives.")
    : wrong(
        "cache-control",
        `The response of POST ${path} arrives without Cache-Control: no-store, so a cache may give one user's tokens to another: a proxy takes it away or replaces it.`,
        "proxy_pass_header Cache-Control;",
      );
}

/** Names the exact reason of each refusal, which helps an attacker. */
function checkDiagnostics({ origin }: Visit, { seen }: RefreshRoute): readonly Finding[] {
  if (headerOf(seen, HEADERS.reason) === "" || !origin.startsWith("https:") || isLocalOrigin(origin)) return [];
  return [
    unknown(
      "diagnostics",
      `Responses have the header ${HEADERS.reason}, which is for development. In production start the app with NODE_ENV=production, or write this line.`,
      "http: { diagnostics: false }",
    ),
  ];
}

/** Asks for the list of sessions with tokens that are none. */
async function checkPassedOn(
  visit: Visit,
  route: RefreshRoute,
  policy: Policy | undefined,
): Promise<readonly Finding[]> {
  const list = visit.basePath + ROUTES.sessions;
  // A query of its own, so that no cache has the response.
  const ask = (query: string, headers: Readonly<Record<string, string>>): Promise<Seen> =>
    visit.ask({ method: "GET", path: `${list}?doctor=${query}`, headers });
  const first = await ask("1", {});
  // Somebody before the app, such as a firewall or a limit, answers in another way.
  const isOurs = (seen: Seen): boolean =>
    seen.status === route.seen.status && headerOf(seen, CHALLENGE).includes(REFRESH_CHALLENGE);
  if (!isOurs(first)) return [];
  const isKept = hasCookies(route.seen, policy);
  if (isKept === undefined) return [];
  const withToken = `GET ${list} with a token that is none is answered with`;
  if (!isKept) {
    const seen = await ask("2", { authorization: `Bearer ${BOGUS}` });
    if (!isOurs(seen)) return [unknown("authorization", `${withToken} ${describeSeen(seen)}.`)];
    return [
      headerOf(seen, CHALLENGE).includes(ABOUT_TOKEN)
        ? ok("authorization", "The header Authorization reaches the app.")
        : wrong(
            "authorization",
            "The header Authorization does not reach the app: a proxy takes it away.",
            "proxy_set_header Authorization $http_authorization;",
          ),
    ];
  }
  const name = policy?.cookie.names.access ?? readCookies(route.seen).find(({ kind }) => kind === "access")?.name;
  // If the cookies do not arrive, their names are not known.
  if (name === undefined) return [];
  const cookie = `${name}=${BOGUS}`;
  const sent = await ask("2", { cookie });
  if (!isOurs(sent)) return [unknown("cookie", `${withToken} ${describeSeen(sent)}.`)];
  if (!headerOf(sent, CHALLENGE).includes(ABOUT_TOKEN))
    return [
      wrong(
        "cookie",
        "The header Cookie does not reach the app: a proxy takes it away.",
        "proxy_set_header Cookie $http_cookie;",
      ),
    ];
  const again = await ask("1", { cookie });
  const reached = ok("cookie", "The header Cookie reaches the app.");
  if (!isOurs(again)) return [reached, unknown("cache", `${withToken} ${describeSeen(again)}.`)];
  return [
    reached,
    headerOf(again, CHALLENGE).includes(ABOUT_TOKEN)
      ? ok("cache", "A response is not given to another visitor.")
      : wrong(
          "cache",
          `GET ${list} is answered from a cache: a proxy gives the response of one visitor to another, although it is Cache-Control: no-store.`,
          "proxy_no_cache 1; proxy_cache_bypass 1;",
        ),
  ];
}

/** As long as the headers of a browser get, with an access token full of claims. */
const FILLERS = [3900, 3000, 1000] as const;

async function checkLongHeaders(visit: Visit, { path, seen: short }: RefreshRoute): Promise<Finding> {
  const [one, two, three] = FILLERS.map((length) => "x".repeat(length));
  const headers = { cookie: `doctor-1=${one}; doctor-2=${two}`, "x-doctor": three ?? "" };
  // Some servers close the connection in place of an answer.
  const seen = await visit.ask({ method: "POST", path, headers }).catch(() => undefined);
  if (seen?.status === short.status) return ok("header-size", "Request headers of 8 kB get through.");
  const told = `With 8 kB of headers POST ${path} is answered with ${seen === undefined ? "a closed connection" : describeSeen(seen)}`;
  if (seen !== undefined && ![400, 413, 414, 431, 494].includes(seen.status)) return unknown("header-size", `${told}.`);
  return wrong(
    "header-size",
    `${told}: users with long cookies are locked out. Raise the limit of the proxy, or of Node with --max-http-header-size.`,
    "large_client_header_buffers 4 16k;",
  );
}
