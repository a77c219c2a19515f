import { ROUTES } from "../../protocol.ts";
import { isPlainPath } from "../options/base-path.ts";
import { parseOrigin } from "../options/origin.ts";
import type { TextRules } from "../options/option-table.ts";
import { isPublicSuffix } from "../options/public-suffix.ts";
import type { OPTIONS } from "./config-options.ts";

/** Paths of the session routes that no option moves. */
export const FIXED_PATHS: readonly string[] = Object.values(ROUTES);

function refuseRoute(path: string): string | undefined {
  if (!isPlainPath(path)) {
    return 'is not a plain path; write one that begins with "/", for instance "/session/refresh"';
  }
  return FIXED_PATHS.includes(path) ? "is the path of another session route; write a path of its own" : undefined;
}

function refuseDomain(domain: string): string | undefined {
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(domain) || domain.length > 253) {
    return 'is not a domain; write lower-case letters, without scheme, port or leading dot, for instance "example.com"';
  }
  if (/^[\d.]+$/.test(domain)) return "is an address, and browsers drop a cookie with such a Domain; leave domain out";
  if (isPublicSuffix(domain))
    return "is a public suffix, under which strangers register, and browsers drop such a cookie; write your own domain or leave it out";
  return undefined;
}

export const RULES: TextRules<typeof OPTIONS> = {
  name: (text) => (text === "" ? "is empty; write a name or leave it out" : undefined),
  route: refuseRoute,
  domain: refuseDomain,
  prefix: (text) =>
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/.test(text)
      ? undefined
      : 'is no beginning of a cookie name; write 1 to 32 letters, digits, "_" and "-", the first a letter or digit, for instance "shop_", or leave it out (__Host- is cookie.hostPrefix)',
  origin: (text) =>
    parseOrigin(text) === undefined
      ? 'is not an origin; write scheme, host and port only, for instance "https://app.example.com"; a path belongs into http.basePath'
      : undefined,
  basePath: (text) =>
    isPlainPath(text)
      ? undefined
      : 'is not a plain path; write one that begins with "/" and does not end with it, for instance "/shop", or leave it out',
};
