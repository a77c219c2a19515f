import type { SectionReader } from "./config-reader.ts";
import { type CookieNames, cookieNames } from "./cookie-names.ts";
import { isPublicSuffix } from "./public-suffix.ts";

/** How the cookies are set. */
export interface CookiePolicy {
  readonly domain: string | undefined;
  readonly secure: boolean;
  readonly sameSite: "lax" | "strict" | "none";
  readonly names: CookieNames;
  readonly renewTokenPath: string;
}

/** Which cookies are named `__Host-...`; `"auto"` decides by the other options. */
export type HostPrefix = "auto" | boolean;

interface CookieDefaults extends Pick<CookiePolicy, "secure" | "sameSite" | "renewTokenPath"> {
  readonly hostPrefix: HostPrefix;
}

/** @param refusePath the rule for the path of the refresh route */
export function readCookie(
  cookie: SectionReader,
  refresh: SectionReader,
  defaults: CookieDefaults,
  { publicOrigin, refusePath }: { publicOrigin: string | undefined; refusePath: (path: string) => string | undefined },
): CookiePolicy {
  const domain = cookie.text("domain", refuseCookieDomain);
  const secure = cookie.flag("secure") ?? defaults.secure;
  const sameSite = cookie.choice("sameSite", ["lax", "strict", "none"]) ?? defaults.sameSite;
  const given = cookie.value("hostPrefix", '"auto", true or false', isHostPrefix);
  if (sameSite === "none" && !secure) {
    cookie.fault(
      "sameSite",
      "UNSAFE",
      'browsers drop a cookie with SameSite=None and without Secure; write secure: true, or sameSite: "lax"',
    );
  }
  const hostPrefix = given ?? defaults.hostPrefix;
  // A preset that wants the prefix is not weakened by an option that does not name it.
  const isDemanded = hostPrefix === true || (hostPrefix === "auto" && defaults.hostPrefix === true);
  if (isDemanded && !secure) {
    cookie.fault(
      "hostPrefix",
      "CONTRADICTION",
      "browsers drop a __Host- cookie without Secure; write secure: true, or hostPrefix: false",
    );
  }
  if (isDemanded && domain !== undefined) {
    cookie.fault(
      "domain",
      "CONTRADICTION",
      "browsers drop a __Host- cookie with a Domain; leave domain out, or write hostPrefix: false",
    );
  }
  const isAutoHost = secure && domain === undefined && !(publicOrigin?.startsWith("http:") ?? false);
  const auto = isAutoHost ? "root" : "none";
  return {
    domain,
    secure,
    sameSite,
    names: cookieNames(hostPrefix === "auto" ? auto : hostPrefix ? "all" : "none"),
    renewTokenPath: refresh.text("renewTokenPath", refusePath) ?? defaults.renewTokenPath,
  };
}

const isHostPrefix = (value: unknown): value is HostPrefix => value === "auto" || typeof value === "boolean";

function refuseCookieDomain(domain: string): string | undefined {
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(domain) || domain.length > 253) {
    return 'is not a domain; write lower-case letters, without scheme, port or leading dot, for instance "example.com"';
  }
  if (/^[\d.]+$/.test(domain)) return "is an address, and browsers drop a cookie with such a Domain; leave domain out";
  if (isPublicSuffix(domain))
    return "is a public suffix, under which strangers register, and browsers drop such a cookie; write your own domain or leave it out";
  return undefined;
}
