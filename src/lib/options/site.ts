import { isPublicSuffix } from "./public-suffix.ts";

/**
 * The site of an origin as cookies with SameSite see it: the scheme and the registrable domain
 * (HTML standard, "schemeful same site"). An address, and a name without a registrable domain such
 * as `localhost`, is a site of its own.
 */
export function siteOf(origin: string): string {
  const { protocol, hostname } = new URL(origin);
  return `${protocol}//${isAddress(hostname) ? hostname : registrableDomain(hostname)}`;
}

const isAddress = (hostname: string): boolean => hostname.startsWith("[") || /^[\d.]+$/.test(hostname);

/** The shortest name that is no public suffix. */
function registrableDomain(hostname: string): string {
  const labels = hostname.split(".");
  for (let from = labels.length - 1; from >= 0; from -= 1) {
    const name = labels.slice(from).join(".");
    if (!isPublicSuffix(name)) return name;
  }
  return hostname;
}
