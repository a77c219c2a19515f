import type { HttpPolicy } from "../policy.ts";
import { REQUEST_HEADERS, RESPONSE_HEADERS } from "../../protocol.ts";
import { isTrusted } from "./cross-site.ts";
import type { ResponseHead, HttpResponse, HttpExchange } from "./exchange/exchange.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const PREFLIGHT_SECONDS = "600";
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/**
 * Lets pages of the trusted origins read responses (Fetch standard, CORS protocol), and responds to
 * their preflights. Other origins are ignored, so that the app's own CORS set-up applies.
 */
export function applyCors(exchange: HttpExchange, policy: HttpPolicy): HttpResponse | undefined {
  if (policy.trustedOrigins.size === 0) return undefined;
  // Set when the response is sent, as below. Otherwise a cache would give a response without CORS
  // headers to a trusted origin.
  exchange.beforeHead((head) => addTo(head, "vary", ["Origin"]));
  const origin = exchange.header("origin");
  if (origin === undefined || !isTrusted(origin, policy)) return undefined;

  // The app's own CORS set-up may run before or after this.
  exchange.beforeHead((head) => {
    head.set("access-control-allow-origin", origin);
    head.set("access-control-allow-credentials", "true");
    addTo(head, "access-control-expose-headers", RESPONSE_HEADERS);
  });
  if (exchange.method !== "OPTIONS" || exchange.header("access-control-request-method") === undefined) return undefined;

  // Every name is written out, because browsers ignore "*" with credentials. The page's own headers
  // are as trusted as the page.
  const asked = (exchange.header("access-control-request-headers") ?? "").toLowerCase().split(",").slice(0, 50);
  const names = asked.map((name) => name.trim()).filter((name) => HEADER_NAME.test(name));
  exchange.beforeHead((head) => {
    addTo(head, "access-control-allow-methods", METHODS);
    addTo(head, "access-control-allow-headers", [...REQUEST_HEADERS, ...names]);
  });
  return { status: 204, headers: { "access-control-max-age": PREFLIGHT_SECONDS }, body: undefined };
}

/** Adds members to a list header. Existing members keep the app's spelling. */
function addTo(head: ResponseHead, name: string, members: readonly string[]): void {
  const before = (head.get(name) ?? "").split(",").map((member) => member.trim());
  const all = [...before, ...members].filter((member) => member !== "");
  const known = new Set<string>();
  const isNew = (member: string): boolean =>
    !known.has(member.toLowerCase()) && known.add(member.toLowerCase()).size > 0;
  head.set(name, all.filter(isNew).join(", "));
}
