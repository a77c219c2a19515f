import { isPublicSuffix } from "./public-suffix.ts";

/**
 * The site of an origin for SameSite cookies: the scheme and the registrable domain (HTML standard,
 * "schemeful same site"). An IP address, or a name without a registrable domain such as
 * `localhost`, is its own site.
 */
export function siteOf(origin: string): string {
  const { protocol, hostname } = new URL(origin);
  return `${protocol}//${isAddress(hostname) ? hostname : registrableDomain(hostname)}`;
}

const isAddress = (hostname: string): boolean => hostname.startsWith("[") || /^[\d.]+$/.test(hostname);

/** The shortest parent domain that is no public suffix. */
function registrableDomain(hostname: string): string {
  const labels = hostname.split(".");
  for (let from = labels.length - 1; from >= 0; from -= 1) {
    const name = labels.slice(from).join(".");
    if (!isPublicSuffix(name)) return name;
  }
  return hostname;
}
