import type { HttpPolicy } from "../policy.ts";
import { REQUEST_HEADERS, RESPONSE_HEADERS } from "../../protocol.ts";
import { isTrusted } from "./cross-site.ts";
import type { ResponseHead, HttpResponse, HttpExchange } from "./exchange/exchange.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const PREFLIGHT_SECONDS = "600";
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/;

/**
 * Lets pages of the trusted origins read answers (Fetch standard, CORS protocol), and answers their
 * preflights. Does nothing for any other origin, and nothing at all where none is trusted, so that
 * an app's own CORS set-up stays in charge.
 */
export function applyCors(exchange: HttpExchange, policy: HttpPolicy): HttpResponse | undefined {
  if (policy.trustedOrigins.size === 0) return undefined;
  // When the answer goes out, as below. Without it a cache would hand an answer that no page may
  // read to the pages of a trusted origin.
  exchange.beforeHead((head) => addTo(head, "vary", ["Origin"]));
  const origin = exchange.header("origin");
  if (origin === undefined || !isTrusted(origin, policy)) return undefined;

  // A CORS set-up of the app's own may come before this one or after it.
  exchange.beforeHead((head) => {
    head.set("access-control-allow-origin", origin);
    head.set("access-control-allow-credentials", "true");
    addTo(head, "access-control-expose-headers", RESPONSE_HEADERS);
  });
  if (exchange.method !== "OPTIONS" || exchange.header("access-control-request-method") === undefined) return undefined;

  // Every name is spelt out: with credentials browsers ignore "*". The page's own headers are as
  // trusted as the page.
  const asked = (exchange.header("access-control-request-headers") ?? "").toLowerCase().split(",").slice(0, 50);
  const names = asked.map((name) => name.trim()).filter((name) => HEADER_NAME.test(name));
  exchange.beforeHead((head) => {
    addTo(head, "access-control-allow-methods", METHODS);
    addTo(head, "access-control-allow-headers", [...REQUEST_HEADERS, ...names]);
  });
  return { status: 204, headers: { "access-control-max-age": PREFLIGHT_SECONDS }, body: undefined };
}

/** Adds members to a list header; those that are there stay, in the app's own spelling. */
function addTo(head: ResponseHead, name: string, members: readonly string[]): void {
  const before = (head.get(name) ?? "").split(",").map((member) => member.trim());
  const all = [...before, ...members].filter((member) => member !== "");
  const known = new Set<string>();
  const isNew = (member: string): boolean =>
    !known.has(member.toLowerCase()) && known.add(member.toLowerCase()).size > 0;
  head.set(name, all.filter(isNew).join(", "));
}
