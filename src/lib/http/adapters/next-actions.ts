/** Sign-in and sign-out in server actions of Next.js, which show the cookies and no response. */
import { generalError } from "../../errors.ts";
import type { UserId } from "../../session/user-id.ts";
import type { HttpContext } from "../context.ts";
import { isOwnScope } from "../exchange/carry-cookies.ts";
import { openWebExchange, type WebExchange } from "../exchange/web-exchange.ts";
import type { RequestSession } from "../request-session.ts";
import { type SignInDetails, signOut, start } from "./adapter-calls.ts";
import { checkInstanceOption, checkStartDetails } from "../check-options.ts";
import { httpOf, type InstanceOption } from "./instance-option.ts";
import { refuseSent } from "./next-request.ts";

/** The used part of what `cookies()` of Next returns. */
export interface CookieJar {
  set(cookie: never): unknown;
}

interface JarCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string | undefined;
  readonly domain: string | undefined;
  readonly maxAge: number | undefined;
  readonly expires: Date | undefined;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite: string | undefined;
  readonly partitioned: boolean;
}

/** What Next shows of a request. */
export type Shown = readonly [headers: Pick<Headers, "get">, cookies: CookieJar];

/**
 * The instances of which the action of a request has signed out, so that the render behind it finds
 * nobody.
 */
const signedOut = new WeakMap<object, Set<HttpContext>>();

export const isSignedOut = (http: HttpContext, headers: object): boolean => signedOut.get(headers)?.has(http) === true;

/** @throws Error of Next where no cookie can be set; the new session is then revoked */
export async function startInAction(
  [headers, cookies]: Shown,
  userId: UserId,
  details: SignInDetails,
): Promise<RequestSession> {
  checkStartDetails(details);
  const http = httpOf(details);
  const exchange = openAction(http, headers);
  if (http.credentials.wanted(exchange) !== "cookie")
    throw generalError(
      "TRANSPORT_REFUSED",
      "a server action can set cookies and no headers; sign in by a route handler to get tokens in headers",
    );
  const session = await start(http, exchange, userId, details);
  try {
    const accessToken = put(http, exchange, cookies);
    // For the render behind the action, which sees the cookies of before.
    if (accessToken !== undefined) http.renewed.set(exchange.key, { transport: "cookie", accessToken });
    signedOut.get(headers)?.delete(http);
    return session;
  } catch (error) {
    await session.revokeSession();
    throw error;
  }
}

export async function signOutInAction([headers, cookies]: Shown, options: InstanceOption): Promise<boolean> {
  checkInstanceOption(options, "signOutServerSession");
  const http = httpOf(options);
  const exchange = openAction(http, headers);
  const existed = await signOut(http, exchange);
  put(http, exchange, cookies);
  signedOut.set(headers, new Set(signedOut.get(headers)).add(http));
  return existed;
}

function openAction(http: HttpContext, headers: Pick<Headers, "get">): WebExchange {
  refuseSent(http, headers);
  return openWebExchange({ method: "POST", url: "/", headers });
}

/** @returns the new access token, if one was set */
function put(http: HttpContext, exchange: WebExchange, jar: CookieJar): string | undefined {
  const { cookie: policy } = http.session.policy;
  const rankOf = (line: string): number => (/; Max-Age=0(?:;|$)/.test(line) ? Number(isOwnScope(line, policy)) : 2);
  let set: readonly JarCookie[] = [];
  exchange.changeCookies((lines) => {
    // Next keeps the last one of a name.
    set = lines.toSorted((a, b) => rankOf(a) - rankOf(b)).map(toJarCookie);
    return lines;
  });
  for (const cookie of set) jar.set(cookie as never);
  return set.findLast(({ name, value }) => name === policy.names.access && value !== "")?.value;
}

function toJarCookie(line: string): JarCookie {
  const [pair = "", ...attributes] = line.split("; ");
  const equals = pair.indexOf("=");
  const given = new Map(attributes.map((attribute) => [attribute.split("=", 1)[0], attribute] as const));
  const valueOf = (name: string): string | undefined => given.get(name)?.slice(name.length + 1);
  const maxAge = valueOf("Max-Age");
  const expires = valueOf("Expires");
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    path: valueOf("Path"),
    domain: valueOf("Domain"),
    maxAge: maxAge === undefined ? undefined : Number(maxAge),
    expires: expires === undefined ? undefined : new Date(expires),
    httpOnly: given.has("HttpOnly"),
    secure: given.has("Secure"),
    sameSite: valueOf("SameSite")?.toLowerCase(),
    partitioned: given.has("Partitioned"),
  };
}
