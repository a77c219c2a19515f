import { COOKIES, HOST_PREFIX } from "../protocol.ts";

/**
 * The names of the cookies as the instance sets them: `__Host-` where `cookie.hostPrefix` says so,
 * `cookie.prefix`, then the plain name.
 */
export interface CookieNames {
  /** Name of the cookie with the access token, for instance `__Host-sAccessToken`. */
  readonly access: string;
  /** Name of the cookie with the refresh token, for instance `sRefreshToken`. */
  readonly refresh: string;
  /** Name of the readable marker, for instance `__Host-sIdRefreshToken`. */
  readonly marker: string;
}

/** Which cookies are `__Host-`: none, the access cookie and the marker, or all three. */
export type HostCookies = "none" | "root" | "all";

/** @param prefix `cookie.prefix`, which separates the apps of one host */
export function cookieNames(hosts: HostCookies, prefix = ""): CookieNames {
  const root = (hosts === "none" ? "" : HOST_PREFIX) + prefix;
  return Object.freeze({
    access: root + COOKIES.access,
    refresh: (hosts === "all" ? HOST_PREFIX : "") + prefix + COOKIES.refresh,
    marker: root + COOKIES.marker,
  });
}

/**
 * Whether browsers prevent sibling sub-domains from setting a cookie of this name (RFC 6265bis
 * 4.1.3.2).
 */
export const isHostName = (name: string): boolean => name.startsWith(HOST_PREFIX);

/** The name of the cookie with another `cookie.hostPrefix`. */
export const otherName = (name: string): string =>
  isHostName(name) ? name.slice(HOST_PREFIX.length) : HOST_PREFIX + name;
