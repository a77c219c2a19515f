import { errorCode } from "../../store/network-errors.ts";
import { isLocalOrigin } from "../../options/origin.ts";
import { quote } from "../../notices.ts";
import type { Policy } from "../../policy.ts";
import { checkCookies } from "./cookie-checks.ts";
import { type Finding, unknown, wrong } from "./finding.ts";
import { checkOrigins, FOREIGN_CHECK } from "./origin-checks.ts";
import { checkProxy } from "./proxy-checks.ts";
import { findRefreshRoute } from "./refresh-route.ts";
import { checkRoutes } from "./route-checks.ts";
import { describeSeen, openVisit, type Place } from "./visit.ts";

export interface OutsideOptions {
  /** The address that browsers use. */
  readonly address: URL;
  /** Where to connect, if not there. */
  readonly place: Place | undefined;
  readonly policy: Policy | undefined;
  /** The path of the refresh route in the app, if an option names it. */
  readonly refreshPath: string | undefined;
  /** Origins of pages, beside those that the config trusts. */
  readonly origins: readonly string[];
}

/** Plays a visit without a session. Nobody is signed in or out, and no cookie is kept. */
export async function checkFromOutside({
  address,
  place,
  policy,
  refreshPath,
  origins,
}: OutsideOptions): Promise<readonly Finding[]> {
  const visit = openVisit(address, place);
  const findings: Finding[] = [];
  const later: Finding[] = [];
  const all = [...new Set([...(policy?.http.trustedOrigins ?? []), ...origins])];
  try {
    const { route, findings: found } = await findRefreshRoute(visit, policy, refreshPath);
    findings.push(...found);
    if (route === undefined) return findings;
    findings.push(...checkCookies({ visit, route, policy, origins: all }));
    later.push(...(await checkProxy(visit, route, policy)));
    later.push(...(await checkOrigins(visit, route, { policy, origins: all })));
    later.push(...(await checkRoutes(visit, route, policy)));
    const last = await visit.ask({ method: "POST", path: route.path });
    if (last.status === route.seen.status) return [...findings, ...later];
    const told = `After some requests POST ${route.path} is answered with ${describeSeen(last)}`;
    return [...findings, ...later.map((finding) => doubt(finding, told))];
  } catch (error) {
    const failure = describeFailure(error, visit.origin, findings.length > 0);
    return [...findings, ...later.map((finding) => doubt(finding, "The address has stopped to answer")), failure];
  }
}

/** What somebody says who lets only some requests pass is no fault of the set-up, and no proof. */
function doubt(finding: Finding, told: string): Finding {
  const { check, verdict, text } = finding;
  if (verdict !== "wrong" && check !== FOREIGN_CHECK) return finding;
  return unknown(check, `${told}, so this is not certain: ${text}`);
}

/** A browser does not get further. Whatever else happens may be between the address and here. */
const CERTAIN: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND"]);

/** @param hasAnswered whether it has answered before, so that this may pass */
function describeFailure(error: unknown, origin: string, hasAnswered: boolean): Finding {
  const code = errorCode(error);
  const reason = code === "" ? (error instanceof Error ? error.message : "no reason is known") : code;
  // Node and browsers differ about names below localhost.
  if ((code === "ERR_TLS_CERT_ALTNAME_INVALID" && !isLocalOrigin(origin)) || code === "CERT_HAS_EXPIRED")
    return wrong("reach", `The certificate of ${quote(origin)} is of another name, or has expired (${code}).`);
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code))
    return unknown(
      "reach",
      `The certificate of ${quote(origin)} is not trusted on this machine (${code}). If it is right, name its authority: NODE_EXTRA_CA_CERTS=<file>.`,
    );
  if (hasAnswered)
    return unknown("reach", `${quote(origin)} has stopped to answer (${reason}). Start the doctor again.`);
  if (CERTAIN.has(code))
    return wrong("reach", `${quote(origin)} does not answer (${reason}). Start the app, or look at the address.`);
  return unknown(
    "reach",
    `There was no answer of HTTP/1.1 from ${quote(origin)} (${reason}). Look at the address, and whether something between it and here stops requests.`,
  );
}
