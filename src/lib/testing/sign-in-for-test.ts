import { CUSTOM_VALUE, HEADERS } from "../../protocol.ts";
import type { UserId } from "../session/user-id.ts";
import type { SignInDetails } from "../http/adapters/adapter-calls.ts";
import { httpOf } from "../http/adapters/instance-option.ts";
import { checkStartDetails } from "../http/check-options.ts";
import type { HttpContext } from "../http/context.ts";
import { openWebExchange } from "../http/exchange/web-exchange.ts";
import { signInUser } from "../http/sign-in.ts";
import type { TransportKind } from "../http/transport.ts";
import { type PlaywrightCookie, toPlaywrightCookies } from "./playwright-cookies.ts";
import { readSetCookie, type TestCookie } from "./set-cookie.ts";

/** Options of `signInForTest`: those of `createNewSession` of the adapters, and some for tests. */
export type SignInForTestOptions<Claims = unknown, Data = unknown, Id extends UserId = UserId> = SignInDetails<
  Claims,
  Data,
  Id
> & {
  /** How the tokens travel. Default: in cookies, unless `http.transports` has headers alone. */
  readonly transport?: "cookie" | "header";
  /** The `User-Agent` of the sign-in, for the list of sessions. Default: none. */
  readonly userAgent?: string;
  /**
   * Whether the access token has expired already. The session and its refresh token are alive, so
   * a client has to refresh first. Default false.
   */
  readonly expired?: boolean;
};

/** A session of a test, and what a client needs to use it. */
export interface SignedInForTest {
  /** The public name of the session. */
  readonly handle: string;
  /** The user, exactly as given. */
  readonly userId: UserId;
  /** How the tokens travel. */
  readonly transport: "cookie" | "header";
  /** The access token. */
  readonly accessToken: string;
  /** The refresh token. */
  readonly refreshToken: string;
  /** The anti-CSRF token. Undefined without cookies, or if `tokens.enableAntiCsrf` is false. */
  readonly antiCsrfToken: string | undefined;
  /**
   * The headers of a request to any route but the refresh route: cookies and the anti-CSRF token,
   * or `authorization`. They also pass for unsafe methods.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The headers of a request to the refresh route, and to routes below it. */
  readonly refreshHeaders: Readonly<Record<string, string>>;
  /** The cookies, as the instance sets them. Empty for tokens in headers. */
  readonly cookies: readonly TestCookie[];
  /** The same as lines of `Set-Cookie`, for cookie jars. */
  readonly setCookies: readonly string[];
  /**
   * The cookies for `context.addCookies` of Playwright, and for `storageState`.
   *
   * @param url a URL of the app, as the browser sees it
   * @throws SessionError `ARGUMENT_INVALID` if a browser would not send the cookies to that URL
   */
  playwrightCookies(url: string): PlaywrightCookie[];
}

/**
 * Signs a user in without a request, for tests of an app. The session and its cookies are made by
 * the code that signs users in, so they have the names, attributes and lifetimes of the instance.
 * Listeners get `session-created`.
 *
 * @param userId as for `createNewSession`
 * @param options the instance (default: the one that `init` made), claims, data, the time and the
 *   methods of the sign-in, and how the tokens travel
 * @throws ConfigError for an option that is unknown or of the wrong type
 * @throws SessionError as `createNewSession` of the adapters, for instance `NOT_INITIALISED`;
 *   `TRANSPORT_REFUSED` if `http.transports` does not allow `transport`
 * @example
 * ```ts
 * import { createSessions } from "counterfoil";
 * import { memory } from "counterfoil/memory";
 * import { signInForTest } from "counterfoil/testing";
 *
 * const sessions = createSessions<{ role: string }>({ store: memory() }); // that of your app
 * const alice = await signInForTest("alice", { sessions, jwtPayload: { role: "admin" } });
 * await fetch("http://localhost:3000/api/like", { method: "POST", headers: alice.headers });
 * ```
 */
export async function signInForTest<Claims = unknown, Data = unknown, Id extends UserId = UserId>(
  userId: NoInfer<Id>,
  options?: SignInForTestOptions<Claims, Data, Id>,
): Promise<SignedInForTest> {
  const given: SignInForTestOptions = options ?? {};
  checkStartDetails(given, "signInForTest", (section) => {
    section.flag("expired");
    section.value("transport", '"cookie" or "header"', isTransport);
    section.value("userAgent", "a text", (value): value is string => typeof value === "string");
  });
  const { sessions, transport, userAgent, expired = false, ...details } = given;
  const http = httpOf(sessions === undefined ? {} : { sessions });
  const { publicOrigin = "http://localhost", basePath } = http.session.policy.http;
  const exchange = openWebExchange({
    method: "POST",
    url: `${publicOrigin}${basePath}/`,
    headers: new Headers({
      ...(transport !== undefined && { [HEADERS.mode]: transport }),
      ...(userAgent !== undefined && { "user-agent": userAgent }),
    }),
  });
  const session = await http.run(exchange, (own) =>
    signInUser(expired ? withExpiredTokens(own) : own, exchange, userId, details),
  );
  const response = new Headers();
  exchange.close(200, response);
  return describe(http, { handle: session.getHandle(), userId: session.getUserId() }, response);
}

const isTransport = (value: unknown): value is TransportKind => value === "cookie" || value === "header";

/** A second of the past is past by every clock. */
const PAST = 1000;

/** Its access tokens were made so long ago that they have just expired. */
function withExpiredTokens(http: HttpContext): HttpContext {
  const { accessTokens, policy } = http.session;
  const age = policy.accessToken.validity + PAST;
  const minted: typeof accessTokens.mint = ({ issuedAt, ...facts }, now) =>
    accessTokens.mint({ ...facts, issuedAt: (issuedAt ?? now) - age }, now - age);
  return { ...http, session: { ...http.session, accessTokens: { ...accessTokens, mint: minted } } };
}

function describe(
  { session: { policy } }: HttpContext,
  whose: Pick<SignedInForTest, "handle" | "userId">,
  response: Headers,
): SignedInForTest {
  const setCookies = response.getSetCookie();
  const cookies = setCookies.map(readSetCookie);
  const playwrightCookies = (url: string): PlaywrightCookie[] => toPlaywrightCookies(cookies, url);
  const access = response.get(HEADERS.access);
  const refresh = response.get(HEADERS.refresh);
  if (access !== null && refresh !== null) {
    return {
      ...whose,
      transport: "header",
      accessToken: access,
      refreshToken: refresh,
      antiCsrfToken: undefined,
      headers: { authorization: `Bearer ${access}` },
      refreshHeaders: { [HEADERS.refresh]: refresh },
      cookies,
      setCookies,
      playwrightCookies,
    };
  }
  const valueOf = (name: string): string => cookies.find((cookie) => cookie.name === name)?.value ?? "";
  const antiCsrfToken = response.get(HEADERS.antiCsrf) ?? undefined;
  const headersWith = (sent: readonly TestCookie[]): Readonly<Record<string, string>> => ({
    cookie: sent.map(({ name, value }) => `${name}=${value}`).join("; "),
    [HEADERS.custom]: CUSTOM_VALUE,
    ...(antiCsrfToken !== undefined && { [HEADERS.antiCsrf]: antiCsrfToken }),
  });
  return {
    ...whose,
    transport: "cookie",
    accessToken: valueOf(policy.cookie.names.access),
    refreshToken: valueOf(policy.cookie.names.refresh),
    antiCsrfToken,
    // Browsers send the refresh cookie only below its path.
    headers: headersWith(cookies.filter(({ path }) => path === "/")),
    refreshHeaders: headersWith(cookies),
    cookies,
    setCookies,
    playwrightCookies,
  };
}
