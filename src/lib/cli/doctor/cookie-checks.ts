/**
 * The attributes of the cookies, against the address that browsers use. A refresh without a token
 * clears the cookies, with the attributes that a sign-in sets.
 */
import { COOKIES, HEADERS } from "../../../protocol.ts";
import { isHostName } from "../../cookie-names.ts";
import { isLocalOrigin } from "../../options/origin.ts";
import { isPublicSuffix } from "../../options/public-suffix.ts";
import { siteOf } from "../../options/site.ts";
import { quote } from "../../notices.ts";
import type { Policy } from "../../policy.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";
import type { RefreshRoute } from "./refresh-route.ts";
import { headerOf, type Seen, type Visit } from "./visit.ts";

type Kind = keyof typeof COOKIES;

interface SeenCookie {
  readonly kind: Kind;
  readonly name: string;
  /** By lower-case name; a flag has the value "". */
  readonly attributes: ReadonlyMap<string, string>;
}

/** A name of ours with its prefix; it is shown as it is. */
const NAME = /^[\w-]{1,100}$/;

/** The cookies of ours in a response. */
export function readCookies({ setCookies }: Seen): readonly SeenCookie[] {
  const cookies = new Map<string, SeenCookie>();
  for (const line of setCookies) {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf("="));
    const kind = (Object.keys(COOKIES) as Kind[]).find((each) => NAME.test(name) && name.endsWith(COOKIES[each]));
    if (kind !== undefined) cookies.set(name, { kind, name, attributes: new Map(attributes.map(readAttribute)) });
  }
  return [...cookies.values()];
}

function readAttribute(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at === -1 ? [text.toLowerCase(), ""] : [text.slice(0, at).toLowerCase(), text.slice(at + 1)];
}

/** Whether the app keeps sessions in cookies. Undefined: the response does not tell. */
export function hasCookies(seen: Seen, policy: Policy | undefined): boolean | undefined {
  if (policy !== undefined) return policy.http.transports.has("cookie");
  if (headerOf(seen, HEADERS.session) !== "" || readCookies(seen).length > 0) return true;
  return seen.headers[HEADERS.access] === undefined ? undefined : false;
}

export interface CookieFacts {
  readonly visit: Visit;
  readonly route: RefreshRoute;
  readonly policy: Policy | undefined;
  /** The origins of the pages. */
  readonly origins: readonly string[];
}

export function checkCookies(facts: CookieFacts): readonly Finding[] {
  const { route, policy } = facts;
  const isKept = hasCookies(route.seen, policy);
  if (isKept === false) return [ok("cookies", "Tokens travel in headers, so there are no cookies.")];
  const cookies = readCookies(route.seen);
  if (cookies.length === 0) {
    const text = `The response of POST ${route.path} arrives without its Set-Cookie headers`;
    return isKept === true
      ? [wrong("set-cookie", `${text}: a proxy takes them away.`, "proxy_pass_header Set-Cookie;")]
      : [unknown("set-cookie", `${text}. Either tokens travel in headers only, or a proxy takes them away.`)];
  }
  const other = namesOfOther(cookies, policy);
  if (other !== undefined) return [other];
  return [
    ok("set-cookie", "The Set-Cookie headers arrive."),
    checkPath(facts, cookies),
    checkDomain(facts, cookies),
    checkSecure(facts, cookies),
    checkFlags(cookies),
    checkSameSite(facts, cookies),
  ];
}

/** The app may run with another config than the one that the doctor has read. */
function namesOfOther(cookies: readonly SeenCookie[], policy: Policy | undefined): Finding | undefined {
  const names = policy?.cookie.names;
  if (names === undefined || cookies.every(({ kind, name }) => names[kind] === name)) return undefined;
  const seen = cookies.map(({ name }) => name).join(", ");
  return unknown(
    "cookie-names",
    `The app at this address sets ${seen}, and the config names ${Object.values(names).join(", ")}: it runs with another config, or it is another app.`,
  );
}

/** RFC 6265 5.1.4 */
const pathMatches = (path: string, cookiePath: string): boolean =>
  path === cookiePath || (path.startsWith(cookiePath) && (cookiePath.endsWith("/") || path[cookiePath.length] === "/"));

function checkPath(
  { visit: { basePath, origin }, route: { path } }: CookieFacts,
  cookies: readonly SeenCookie[],
): Finding {
  for (const { kind, name, attributes } of cookies) {
    const cookiePath = attributes.get("path") ?? "/";
    const asked = kind === "refresh" ? path : `${basePath}/`;
    if (isHostName(name) && cookiePath !== "/")
      return wrong(
        "cookie-path",
        `${name} arrives with Path=${quote(cookiePath)}, and browsers drop a __Host- cookie whose path is not "/": a proxy changes it.`,
        "proxy_cookie_path off;",
      );
    if (pathMatches(asked, cookiePath)) continue;
    const told = `The Path of ${name} is ${quote(cookiePath)}, so browsers do not send it to ${quote(asked)}.`;
    // The app strips what the address lacks.
    if (kind === "refresh" && cookiePath.endsWith(path))
      return wrong(
        "cookie-path",
        `${told} If browsers use ${origin}${basePath || "/"}, leave http.basePath out; otherwise start the doctor with the address that they use.`,
        "http: { basePath: undefined }",
      );
    return wrong("cookie-path", told, basePath === "" ? undefined : `http: { basePath: ${quote(basePath)} }`);
  }
  return ok("cookie-path", `The Path of each cookie fits ${quote(`${basePath}/`)}.`);
}

function checkDomain({ visit: { origin } }: CookieFacts, cookies: readonly SeenCookie[]): Finding {
  const { hostname } = new URL(origin);
  for (const { name, attributes } of cookies) {
    const given = attributes.get("domain")?.replace(/^\./, "").toLowerCase();
    if (given === undefined || given === "") continue;
    const told = `The Domain of ${name} is ${quote(given)}`;
    if (isHostName(name))
      return wrong(
        "cookie-domain",
        `${told}, and a __Host- cookie has none: a proxy adds it.`,
        "proxy_cookie_domain off;",
      );
    if (hostname !== given && !hostname.endsWith(`.${given}`))
      return wrong(
        "cookie-domain",
        `${told}, and browsers drop it at ${quote(hostname)}.`,
        "cookie: { domain: undefined }",
      );
    if (hostname !== given && isPublicSuffix(given))
      return wrong("cookie-domain", `${told}, a public suffix, so browsers drop it.`, "cookie: { domain: undefined }");
  }
  return ok("cookie-domain", "The Domain of each cookie fits the host.");
}

function checkSecure({ visit: { origin } }: CookieFacts, cookies: readonly SeenCookie[]): Finding {
  const isHttps = origin.startsWith("https:");
  const isLocal = isLocalOrigin(origin);
  const hasHostRefresh = cookies.some(({ kind, name }) => kind === "refresh" && isHostName(name));
  for (const { name, attributes } of cookies) {
    const isSecure = attributes.has("secure");
    if (!isSecure && isHostName(name))
      return wrong(
        "cookie-secure",
        `${name} arrives without Secure, so browsers drop it: a proxy changes it.`,
        "proxy_cookie_flags off;",
      );
    if (!isSecure && isHttps)
      return wrong(
        "cookie-secure",
        `${name} arrives without Secure, so the tokens would also travel in the clear.`,
        "cookie: { secure: true }",
      );
    if (isSecure && !isHttps && !isLocal)
      return wrong(
        "cookie-secure",
        `${name} is Secure, and browsers drop it at ${quote(origin)}, which is not https. Serve the app by https. For development over http write this line.`,
        `cookie: { secure: false${hasHostRefresh ? ", hostPrefix: false" : ""} }, http: { publicOrigin: ${quote(origin)} }`,
      );
  }
  if (isHttps) return ok("cookie-secure", "Each cookie is Secure.");
  const isKept = cookies.some(({ attributes }) => attributes.has("secure"))
    ? `Chromium and Firefox keep Secure cookies at ${quote(origin)}; other browsers may want https.`
    : `Browsers keep the cookies at ${quote(origin)}.`;
  return ok("cookie-secure", isKept);
}

/** Ours always has both, so something between has changed the line. */
function checkFlags(cookies: readonly SeenCookie[]): Finding {
  for (const { kind, name, attributes } of cookies) {
    const missing = [...(kind === "marker" ? [] : ["HttpOnly"]), "SameSite"].find(
      (flag) => !attributes.has(flag.toLowerCase()),
    );
    if (missing !== undefined)
      return wrong(
        "cookie-flags",
        `${name} arrives without ${missing}, which the app sets: a proxy rewrites its Set-Cookie header. Let it pass them on as they are.`,
        "proxy_cookie_flags off;",
      );
  }
  return ok("cookie-flags", "HttpOnly and SameSite arrive.");
}

function checkSameSite({ visit: { origin }, policy, origins }: CookieFacts, cookies: readonly SeenCookie[]): Finding {
  const [{ name, attributes } = { name: "", attributes: new Map<string, string>() }] = cookies;
  const sameSite = attributes.get("samesite")?.toLowerCase() ?? "";
  if (sameSite === "none")
    return attributes.has("secure")
      ? ok("cookie-same-site", "The cookies have SameSite=None.")
      : wrong(
          "cookie-same-site",
          `${name} has SameSite=None without Secure, so browsers drop it.`,
          "cookie: { secure: true }",
        );
  const others = origins.filter((each) => siteOf(each) !== siteOf(origin));
  if (others.length === 0) return ok("cookie-same-site", "SameSite fits the pages.");
  const told = `Pages of ${others.slice(0, 3).map(quote).join(", ")} are of another site than ${quote(origin)}, and the cookies have SameSite=${quote(sameSite)}: browsers neither keep nor send them when scripts of such a page call. Give both one site (localhost and 127.0.0.1 are two, and so are http and https), or write this line.`;
  const line = 'cookie: { sameSite: "none" }';
  // Such a page may have its tokens in headers.
  return policy !== undefined && !policy.http.headersForBrowsers
    ? wrong("cookie-same-site", told, line)
    : unknown("cookie-same-site", `${told} If those pages have their tokens in headers, all is well.`, line);
}
