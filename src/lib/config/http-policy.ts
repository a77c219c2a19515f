import type { HttpPolicy } from "../policy.ts";
import { isLocalOrigin, parseOrigin } from "../options/origin.ts";
import type { ConfigOptions } from "./config-options.ts";

export function readHttp({ given, value, fault }: ConfigOptions): HttpPolicy {
  const transports = given("http.transports");
  const preferCookies = value("http.preferCookies");
  if (preferCookies && transports?.includes("cookie") === false) {
    fault(
      "http.preferCookies",
      "CONTRADICTION",
      'does nothing where http.transports is ["header"], since no cookie is read; leave it out, or add "cookie" to http.transports',
    );
  }
  const openPages = value("http.openPages");
  if (openPages && transports?.includes("cookie") === false) {
    fault(
      "http.openPages",
      "CONTRADICTION",
      'is for sessions in cookies, and http.transports is ["header"]; leave it out, or add "cookie" to http.transports',
    );
  }
  const publicOrigin = parseOrigin(given("http.publicOrigin") ?? "");
  const supertokens = value("http.dialects").includes("supertokens");
  return {
    publicOrigin,
    basePath: given("http.basePath") ?? "",
    trustedOrigins: new Set(value("http.trustedOrigins").flatMap((origin) => parseOrigin(origin) ?? [])),
    csrf: value("http.csrf"),
    diagnostics: given("http.diagnostics") ?? isDevelopment(publicOrigin),
    supertokens,
    sessionExpiredStatus: value("http.sessionExpiredStatus"),
    preferCookies,
    cacheHeaders: value("http.cacheHeaders"),
    openPages,
    transports: new Set(value("http.transports")),
    headersForBrowsers: transports !== undefined || supertokens,
  };
}

const isDevelopment = (publicOrigin: string | undefined): boolean =>
  ["development", "test"].includes(process.env["NODE_ENV"] ?? "") ||
  (publicOrigin !== undefined && isLocalOrigin(publicOrigin));
