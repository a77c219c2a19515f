/** What a request shows of a set-up that cannot work, for the people who set it up. */
import { parseOrigin } from "../config/origin.ts";
import type { HttpPolicy } from "../config/policy.ts";
import { type Notice, quote } from "../notices.ts";
import type { HttpExchange } from "./exchange.ts";

/** Origins of the config that a message names; a longer list is cut off. */
const MOST_ORIGINS = 5;

/** Why an unsafe request, or a sign-in, counts as one of another site. */
export function unknownOrigin(exchange: HttpExchange, policy: HttpPolicy): Notice {
  const origin = exchange.header("origin");
  const seen = origin === undefined ? "without an Origin" : `from the Origin ${quote(origin)}`;
  return {
    code: "COUNTERFOIL_ORIGIN",
    about: origin ?? "",
    write: () =>
      `A request ${seen} was refused as one of another site (403 csrf). ${describeOrigins(exchange, policy)} ${curesOf(origin, policy)}`,
  };
}

/** What is configured. */
export function describeOrigins(exchange: HttpExchange, { publicOrigin, trustedOrigins }: HttpPolicy): string {
  const host = exchange.header("host");
  const own =
    publicOrigin === undefined
      ? `not set, and the request asks for the host ${host === undefined ? "of no name" : quote(host)}`
      : `"${publicOrigin}"`;
  return `http.publicOrigin is ${own}; http.trustedOrigins is ${listOf([...trustedOrigins])}.`;
}

function curesOf(origin: string | undefined, { trustedOrigins }: HttpPolicy): string {
  if (origin === undefined)
    return "Another site cannot sign visitors in by an image or a script; let it link to the page.";
  const parsed = parseOrigin(origin);
  if (parsed === undefined)
    return "This is no address that can be trusted: pages of files, sandboxed frames and redirects between sites send it. Serve the page from an http or https address.";
  const trusted = listOf([...trustedOrigins, parsed]);
  return `If the page is yours: where this is the address of this very app, write http: { publicOrigin: "${parsed}" }; where it is another one, write http: { trustedOrigins: ${trusted} }.`;
}

function listOf(origins: readonly string[]): string {
  const shown = origins.slice(-MOST_ORIGINS).map((origin) => `"${origin}"`);
  return `[${[...(shown.length < origins.length ? ["..."] : []), ...shown].join(", ")}]`;
}
