import type { CookiePolicy } from "../policy.ts";
import type { SectionReader } from "../options/config-reader.ts";
import { cookieNames } from "../cookie-names.ts";
import { isPublicSuffix } from "../options/public-suffix.ts";

/** Which cookies are named `__Host-...`; `"auto"` decides by the other options. */
export type HostPrefix = "auto" | boolean;

interface CookieDefaults extends Pick<CookiePolicy, "secure" | "sameSite" | "renewTokenPath"> {
  readonly hostPrefix: HostPrefix;
}

interface CookieSurroundings {
  readonly publicOrigin: string | undefined;
  readonly basePath: string;
  /** Whether tokens travel in cookies at all. */
  readonly hasCookies: boolean;
  /** The rule for the path of the refresh route. */
  readonly refusePath: (path: string) => string | undefined;
}

export function readCookie(
  cookie: SectionReader,
  refresh: SectionReader,
  defaults: CookieDefaults,
  { publicOrigin, basePath, hasCookies, refusePath }: CookieSurroundings,
): CookiePolicy {
  const domain = cookie.text("domain", refuseCookieDomain);
  const givenSecure = cookie.flag("secure");
  const secure = givenSecure ?? defaults.secure;
  const givenSite = cookie.choice("sameSite", ["lax", "strict", "none"]);
  const sameSite = givenSite ?? defaults.sameSite;
  const prefix = cookie.text("prefix", refusePrefix);
  const given = cookie.value("hostPrefix", '"auto", true or false', isHostPrefix);
  if (!hasCookies)
    refuseOptions(cookie, {
      domain,
      secure: givenSecure,
      sameSite: givenSite,
      prefix,
      hostPrefix: given === true || undefined,
    });
  if (hasCookies && sameSite === "none" && !secure) {
    cookie.fault(
      "sameSite",
      "UNSAFE",
      'browsers drop a cookie with SameSite=None and without Secure; write secure: true, or sameSite: "lax"',
    );
  }
  const hostPrefix = given ?? defaults.hostPrefix;
  // A preset that wants the prefix is not weakened by an option that does not name it.
  const isDemanded = hasCookies && (hostPrefix === true || (hostPrefix === "auto" && defaults.hostPrefix === true));
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
  const renewTokenPath = refresh.text("renewTokenPath", refusePath) ?? defaults.renewTokenPath;
  return {
    domain,
    secure,
    sameSite,
    names: cookieNames(hostPrefix === "auto" ? auto : hostPrefix ? "all" : "none", prefix),
    renewTokenPath,
    refreshPath: basePath + renewTokenPath,
  };
}

/** Faults for the options that are given, where no cookie is set. */
function refuseOptions(cookie: SectionReader, given: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    cookie.fault(
      name,
      "CONTRADICTION",
      'does nothing where http.transports is ["header"], since no cookie is set; leave it out, or add "cookie" to http.transports',
    );
  }
}

const refusePrefix = (prefix: string): string | undefined =>
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(prefix)
    ? undefined
    : 'is no beginning of a cookie name; write 1 to 32 letters, digits, "_" and "-", the first a letter or digit, for instance "shop_", or leave it out (__Host- is cookie.hostPrefix)';

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
