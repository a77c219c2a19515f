import type { CookiePolicy } from "../../policy.ts";
import type { WebExchange } from "./web-exchange.ts";

/**
 * The request headers with the cookies that the exchange sets already applied, for a render behind
 * it in the same request.
 */
export function carryCookies(exchange: WebExchange, headers: Headers, policy: CookiePolicy): Headers {
  const carried = new Headers(headers);
  const changes = new Map<string, string | undefined>();
  exchange.changeCookies((lines) => {
    for (const line of lines) {
      const [, name = "", value = "", maxAge] = /^([^=]+)=([^;]*)(?:; Max-Age=(\d+))?/.exec(line) ?? [];
      // The line clears a duplicate of another scope. Its value is not known, so all values stay.
      if (maxAge === "0" && !isOwnScope(line, policy)) continue;
      if (!changes.has(name) || maxAge !== "0") changes.set(name, maxAge === "0" ? undefined : value);
    }
    return lines;
  });
  if (changes.size === 0) return carried;
  const kept = (exchange.header("cookie") ?? "").split(";").flatMap((pair) => {
    const text = pair.trim();
    return text === "" || changes.has(text.slice(0, text.indexOf("="))) ? [] : [text];
  });
  const added = [...changes].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  carried.set("cookie", [...kept, ...added].join("; "));
  return carried;
}

/** Whether a line sets a cookie in our scope, as opposed to the Domain or Path of a duplicate. */
export function isOwnScope(line: string, { domain, refreshPath }: CookiePolicy): boolean {
  const valueOf = (name: string): string | undefined => new RegExp(`; ${name}=([^;]*)`).exec(line)?.[1];
  const path = valueOf("Path");
  return valueOf("Domain") === domain && (path === "/" || path === refreshPath);
}
