/** The other session routes, and the keys that they publish. */
import { HEADERS, MESSAGES, REFRESH_CHALLENGE, ROUTES, SUPERTOKENS_ROUTES } from "../../../protocol.ts";
import { isBelow } from "../../options/base-path.ts";
import { quote } from "../../notices.ts";
import type { Policy } from "../../policy.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";
import type { RefreshRoute } from "./refresh-route.ts";
import { headerOf, type Seen, type Visit } from "./visit.ts";

/** Routes that take POST alone. */
const OF_POST = [ROUTES.signOut, ROUTES.revoke, ROUTES.rename];

/** How many times the keys are asked for. */
const LOOKS = 4;

export async function checkRoutes(
  visit: Visit,
  route: RefreshRoute,
  policy: Policy | undefined,
): Promise<readonly Finding[]> {
  const { basePath } = visit;
  const routes: Asked[] = [];
  for (const path of [...OF_POST.map((each) => basePath + each), ...signOutOfDialect(route)])
    routes.push({ path, by: await whoTakes(visit, path) });
  const list = basePath + ROUTES.sessions;
  const seen = await visit.ask({ method: "GET", path: list });
  routes.push({ path: list, by: isRefusal(seen) ? "us" : isNobodys(seen) ? "nobody" : "others" });
  return [judge({ routes, basePath, route, policy }), ...(await checkKeys(visit))];
}

/** Clients of SuperTokens derive both routes from one path. */
function signOutOfDialect({ path, seen }: RefreshRoute): readonly string[] {
  const { refresh, signOut } = SUPERTOKENS_ROUTES;
  if (headerOf(seen, HEADERS.idRefresh) === "" || !path.endsWith(refresh)) return [];
  return [path.slice(0, -refresh.length) + signOut];
}

/** A route, and who responds. */
interface Asked {
  readonly path: string;
  readonly by: "us" | "nobody" | "others";
}

/**
 * A handler of the app's own may take the POST and leave the GET to ours. Without a session neither
 * signs anybody out.
 */
async function whoTakes({ ask }: Visit, path: string): Promise<Asked["by"]> {
  const seen = await ask({ method: "GET", path });
  if (seen.status === 405 && headerOf(seen, "allow") === "POST") return "us";
  const posted = await ask({ method: "POST", path });
  if (isRefusal(posted)) return "us";
  return isNobodys(posted) ? "nobody" : "others";
}

const isRefusal = (seen: Seen): boolean =>
  seen.message === MESSAGES.tryRefreshToken || headerOf(seen, "www-authenticate").includes(REFRESH_CHALLENGE);

const isNobodys = ({ status }: Seen): boolean => [404, 405, 501].includes(status);

interface Judged {
  readonly routes: readonly Asked[];
  readonly basePath: string;
  readonly route: RefreshRoute;
  readonly policy: Policy | undefined;
}

function judge({ routes, basePath, route, policy }: Judged): Finding {
  const missing = routes.filter(({ by }) => by !== "us");
  if (missing.length === 0)
    return ok("routes", "Sign-out and the list of sessions are answered by the session routes.");
  const told = `${missing.map(({ path }) => path).join(", ")}: not answered by the session routes`;
  const own = policy?.cookie.renewTokenPath ?? "";
  if (basePath !== "" && policy?.http.basePath === "" && isBelow(own, basePath))
    return wrong(
      "routes",
      `${told}, because tokens.refreshToken.renewTokenPath moves the refresh route alone.`,
      `http: { basePath: ${quote(basePath)} }, tokens: { refreshToken: { renewTokenPath: ${quote(own.slice(basePath.length))} } }`,
    );
  if (missing.length < routes.length && missing.some(({ by }) => by === "nobody"))
    return wrong(
      "routes",
      `${told}, as POST ${route.path} is. A handler before them takes these paths. Mount the session routes first.`,
      "app.use(sessionRoutes())",
    );
  const moved =
    basePath === ""
      ? ""
      : ` If only renewTokenPath has the path ${quote(basePath)}, write http: { basePath: ${quote(basePath)} } instead.`;
  return unknown("routes", `${told}. If the app has routes of its own there, all is well.${moved}`);
}

/** Processes with a memory store each, or on several databases, publish different keys. */
async function checkKeys(visit: Visit): Promise<readonly Finding[]> {
  const looks: string[][] = [];
  for (let look = 1; look <= LOOKS; look += 1) {
    const seen = await visit.ask({ method: "GET", path: `${visit.basePath}${ROUTES.jwks}?doctor=${look}` });
    const keys = readKeys(seen);
    if (keys === undefined) return [];
    looks.push(keys);
  }
  const [first = []] = looks;
  // Keys of HS256 are not published.
  if (looks.some((keys) => keys.length === 0)) return [];
  const isOne = looks.every((keys) => keys.some((key) => first.includes(key)));
  return [
    isOne
      ? ok("keys", `${LOOKS} looks at the published keys found the same ones.`)
      : wrong(
          "keys",
          "Two looks at the published keys found different ones: the processes of the app do not share a database, or each has a memory store, so users are signed out at random. If all sessions were revoked just now, ask again in a minute.",
          "store: sqlite({ path })",
        ),
  ];
}

function readKeys({ status, json }: Seen): string[] | undefined {
  if (status !== 200 || typeof json !== "object" || json === null || !("keys" in json)) return undefined;
  const { keys } = json as { readonly keys: unknown };
  return Array.isArray(keys)
    ? keys.map((key: unknown) => String((key as { readonly kid?: unknown } | null)?.kid))
    : undefined;
}
