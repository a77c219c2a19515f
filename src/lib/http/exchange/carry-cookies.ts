import type { CookiePolicy } from "../../policy.ts";
import type { WebExchange } from "./web-exchange.ts";

/**
 * The headers of the request as they will be once the browser has applied the cookies that the
 * exchange sets: for what is rendered behind it, in the same request.
 */
export function carryCookies(exchange: WebExchange, headers: Headers, policy: CookiePolicy): Headers {
  const carried = new Headers(headers);
  const changes = new Map<string, string | undefined>();
  exchange.changeCookies((lines) => {
    for (const line of lines) {
      const [, name = "", value = "", maxAge] = /^([^=]+)=([^;]*); Max-Age=(\d+)/.exec(line) ?? [];
      // A duplicate elsewhere is cleared: which of the values was meant is not known, so all of
      // them stay.
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

/**
 * Whether a line sets a cookie where ours are, and not where a duplicate of another Domain or Path
 * can be.
 */
function isOwnScope(line: string, { domain, refreshPath }: CookiePolicy): boolean {
  const valueOf = (name: string): string | undefined => new RegExp(`; ${name}=([^;]*)`).exec(line)?.[1];
  const path = valueOf("Path");
  return valueOf("Domain") === domain && (path === "/" || path === refreshPath);
}
