/**
 * The cookies of one browser for one host, by the rules of RFC 6265 5.3 and 5.4 as far as the tests
 * need them.
 */
import type { RawResponse } from "./send.ts";

interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Undefined: only for the very host. */
  readonly domain: string | undefined;
  readonly path: string;
}

export interface BrowserJar {
  /** Applies the `Set-Cookie` lines of an answer. */
  take(answer: RawResponse): void;
  /** Puts a cookie in, as a sibling sub-domain or an earlier version of the app may have done. */
  put(cookie: Cookie): void;
  /** The `Cookie` header for a path: longer paths first, then older cookies. */
  header(path: string): string;
  /** How many cookies have a name. */
  readonly count: (name: string) => number;
}

export function createBrowserJar(host: string): BrowserJar {
  const cookies = new Map<string, Cookie>();
  const matches = (cookiePath: string, path: string): boolean =>
    path === cookiePath || path.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);

  function put(cookie: Cookie): void {
    const { name, domain, path } = cookie;
    if (domain !== undefined && host !== domain && !host.endsWith(`.${domain}`)) return;
    cookies.set([name, domain ?? "(host only)", path].join(" "), cookie);
  }

  function takeLine(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const equals = pair.indexOf("=");
    const of = (name: string): string | undefined =>
      attributes.find((attribute) => attribute.startsWith(`${name}=`))?.slice(name.length + 1);
    const cookie: Cookie = {
      name: pair.slice(0, equals),
      value: pair.slice(equals + 1),
      domain: of("Domain"),
      path: of("Path") ?? "/",
    };
    if (of("Max-Age") !== "0") put(cookie);
    else cookies.delete([cookie.name, cookie.domain ?? "(host only)", cookie.path].join(" "));
  }

  return {
    put,
    take: (answer) => answer.cookies.forEach(takeLine),
    header: (path) =>
      [...cookies.values()]
        .filter((cookie) => matches(cookie.path, path))
        .toSorted((a, b) => b.path.length - a.path.length)
        .map(({ name, value }) => `${name}=${value}`)
        .join("; "),
    count: (name) => [...cookies.values()].filter((cookie) => cookie.name === name).length,
  };
}
