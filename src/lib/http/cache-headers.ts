import { HEADERS } from "../../protocol.ts";
import type { ResponseHead, HttpExchange } from "./exchange/exchange.ts";

/**
 * Keeps shared caches from giving one user's response to another. It varies by the headers that
 * name a session (RFC 9110 12.5.5), and is private unless the app sets its caching (RFC 9111
 * 5.2.2.7).
 */
export function keepApart(exchange: HttpExchange): void {
  // Few clients send this header, so only their responses vary by it.
  exchange.beforeHead(exchange.header(HEADERS.access) === undefined ? keepHeadApart : keepHeadApartByHeader);
}

const keepHeadApart = keeperBy(["Cookie", "Authorization"]);
const keepHeadApartByHeader = keeperBy(["Cookie", "Authorization", HEADERS.access]);

function keeperBy(names: readonly string[]): (head: ResponseHead) => void {
  const all = names.join(", ");
  return (head) => {
    if (head.get("vary") === undefined) head.set("vary", all);
    else varyBy(head, names);
    if (head.get("cache-control") === undefined) head.set("cache-control", "private");
  };
}

/**
 * Keeps a response with our tokens or cookies out of every cache (RFC 9111 5.2.2.5), even if the
 * app allows caching later. A cached copy would give the session to its reader.
 */
export function keepOut(exchange: HttpExchange): void {
  exchange.beforeHead((head) => {
    if (!/\bno-store\b/i.test(head.get("cache-control") ?? "")) head.set("cache-control", "no-store");
  });
}

function varyBy(head: ResponseHead, names: readonly string[]): void {
  const members = (head.get("vary") ?? "").split(",").map((member) => member.trim());
  const given = members.filter((member) => member !== "");
  if (given.includes("*")) return;
  const known = new Set(given.map((member) => member.toLowerCase()));
  const missing = names.filter((name) => !known.has(name.toLowerCase()));
  if (missing.length > 0) head.set("vary", [...given, ...missing].join(", "));
}
