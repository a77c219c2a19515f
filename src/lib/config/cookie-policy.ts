import { SUPERTOKENS_ROUTES } from "../../protocol.ts";
import type { CookiePolicy, HttpPolicy } from "../policy.ts";
import { cookieNames } from "../cookie-names.ts";
import type { ConfigOptions } from "./config-options.ts";

export function readCookie(
  { given, value, fallback, fault }: ConfigOptions,
  { publicOrigin, basePath, transports, supertokens }: HttpPolicy,
): CookiePolicy {
  const domain = given("cookie.domain");
  const secure = value("cookie.secure");
  const sameSite = value("cookie.sameSite");
  const prefix = given("cookie.prefix");
  const hasCookies = transports.has("cookie");
  if (hasCookies && sameSite === "none" && !secure) {
    fault(
      "cookie.sameSite",
      "UNSAFE",
      'browsers drop a cookie with SameSite=None and without Secure; write secure: true, or sameSite: "lax"',
    );
  }
  const usual = fallback("cookie.hostPrefix");
  // Its clients find plain names only; a preset is the app's word and holds.
  const hostPrefix = given("cookie.hostPrefix") ?? (supertokens && usual === "auto" ? false : usual);
  // A preset that wants the prefix is not weakened by an option that does not name it.
  const isDemanded = hasCookies && (hostPrefix === true || (hostPrefix === "auto" && usual === true));
  if (isDemanded && !secure) {
    fault(
      "cookie.hostPrefix",
      "CONTRADICTION",
      "browsers drop a __Host- cookie without Secure; write secure: true, or hostPrefix: false",
    );
  }
  if (isDemanded && domain !== undefined) {
    fault(
      "cookie.domain",
      "CONTRADICTION",
      "browsers drop a __Host- cookie with a Domain; leave domain out, or write hostPrefix: false",
    );
  }
  if (!hasCookies) refuseCookieOptions({ given, fault });
  const isAutoHost = secure && domain === undefined && !(publicOrigin?.startsWith("http:") ?? false);
  const auto = isAutoHost ? "root" : "none";
  const route = "tokens.refreshToken.renewTokenPath";
  // Its clients derive the path of the refresh route from their own.
  const usualPath = supertokens ? SUPERTOKENS_ROUTES.base + SUPERTOKENS_ROUTES.refresh : fallback(route);
  const renewTokenPath = given(route) ?? usualPath;
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
function refuseCookieOptions({ given, fault }: Pick<ConfigOptions, "given" | "fault">): void {
  const options = ["cookie.domain", "cookie.secure", "cookie.sameSite", "cookie.prefix", "cookie.hostPrefix"] as const;
  for (const path of options) {
    const value = given(path);
    // Those that ask for no prefix ask for nothing.
    if (value === undefined || (path === "cookie.hostPrefix" && value !== true)) continue;
    fault(
      path,
      "CONTRADICTION",
      'does nothing where http.transports is ["header"], since no cookie is set; leave it out, or add "cookie" to http.transports',
    );
  }
}
