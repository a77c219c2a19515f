import type { Policy } from "../policy.ts";
import type { Notice } from "../notices.ts";
import { siteOf } from "./site.ts";

/**
 * A config that cannot work for most apps. `parseConfig` does not reject it: a page of another site
 * may post its sign-in as a form, whose cookies the browser keeps.
 */
export function otherSites({ http, cookie }: Policy): Notice | undefined {
  const { publicOrigin, trustedOrigins } = http;
  const isByCookies = http.transports.has("cookie") && !http.headersForBrowsers;
  if (publicOrigin === undefined || cookie.sameSite === "none" || !isByCookies) return undefined;
  const own = siteOf(publicOrigin);
  const others = [...trustedOrigins].filter((origin) => siteOf(origin) !== own);
  const [first] = others;
  if (first === undefined) return undefined;
  const named = others.map((origin) => `"${origin}"`).slice(0, 3);
  return {
    code: "COUNTERFOIL_SAME_SITE",
    // A sign-in from that site would be reported under the same subject.
    about: first,
    write: () =>
      `http.trustedOrigins has ${named.join(", ")}, of another site than http.publicOrigin "${publicOrigin}", and cookie.sameSite is "${cookie.sameSite}": browsers neither keep nor send the cookies when scripts of such a page call. ` +
      'Give both one site (localhost and 127.0.0.1 are two, and so are http and https), or write cookie: { sameSite: "none" }.',
  };
}
