// Enough for a scheme, a domain name of 253 bytes and a port. The parser takes n² steps for a long
// name with letters beyond ASCII (RFC 3492).
export const MAX_ORIGIN_LENGTH = 300;

/**
 * @returns the canonical form of a web origin (RFC 6454), for instance `https://example.com`;
 * undefined for any other text
 */
export function parseOrigin(text: string): string | undefined {
  if (text.length > MAX_ORIGIN_LENGTH) return undefined;
  // URL accepts a star as a letter, but the author means a pattern.
  if (!URL.canParse(text) || text.includes("*")) return undefined;
  const url = new URL(text);
  const isOrigin = (url.protocol === "https:" || url.protocol === "http:") && url.href === `${url.origin}/`;
  return isOrigin && (text === url.origin || text === url.href) ? url.origin : undefined;
}

/**
 * Whether an origin belongs to this machine: `localhost`, a name below it, or a loopback address
 * (RFC 6761 6.3, RFC 1122 3.2.1.3).
 */
export function isLocalOrigin(origin: string): boolean {
  const { hostname } = new URL(origin);
  return /^(?:.+\.)?localhost$|^127(?:\.\d+){3}$|^\[::1\]$/.test(hostname);
}
