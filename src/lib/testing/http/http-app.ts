import { deepStrictEqual as same } from "node:assert";
import type { CounterfoilConfig } from "../../config/config.ts";
import type { Sessions } from "../../session/sessions.ts";
import { sendHttp2 } from "./raw-http2-request.ts";
import {
  type RawResponse,
  cookieHeader,
  kindOfCookie,
  parseSetCookie,
  send,
  type Sent,
  type SentHeaders,
  sessionCookiesOf,
} from "./raw-request.ts";

/** How a clause wants its app. */
export interface HttpAppOptions {
  /** The config of the instance; the harness adds a store and the clock. Default: the defaults. */
  readonly config?: Omit<CounterfoilConfig, "store" | "clock">;
  /** Whether the adapter's middleware is mounted twice. Default false. */
  readonly twice?: boolean;
  /**
   * Mounts a CORS set-up of the app's own before or behind the adapter's. On every answer it sets
   * `access-control-allow-origin: https://app.example`, `access-control-allow-credentials: true`
   * and `access-control-expose-headers: X-Total`, in place of what is there. Where the adapter is a
   * wrapper around handlers, both mean a handler whose own answer has these.
   */
  readonly ownCors?: "first" | "last";
  /** Whether the app uses the default instance, without `init`. Default false. */
  readonly uninitialised?: boolean;
}

/**
 * An app over the adapter, listening on 127.0.0.1. All of its routes answer every method, and
 * answer errors that are not this library's with 500 and `{"app":"<code or message>"}`:
 *
 * - `/login?user=` sets a cookie of its own, `app=1`, starts a session for the user with the claims
 *   `{ role: "member" }`, answers `{"ok":true}`; `persistent=` in the query, `true` or `false`, is
 *   the sign-in's option of that name, `role=` the role, and each
 *   `amr=` a method of its `amr`
 * - `/api` needs a session, and answers `{"user","claims"}`; `/fresh` needs one whose sign-in is at
 *   most 5 minutes old
 * - `/maybe` answers the same without a session, with `null` for both
 * - `/page` the same with `page: true` and `sessionRequired: false`
 * - `/page-fresh` and `/page-fresh-maybe` with `page: true` and `maxAuthAge: "5m"`, the second with
 *   `sessionRequired: false` as well
 * - `/page-checked` with `page: true` and `antiCsrfCheck: true`
 * - `/second` needs a session, then asks another instance with `sessionRequired: false`, whose
 *   cookies have other names (`hostPrefix: false`), and answers as `/maybe` does by what that one
 *   has found
 * - `/foreign` answers as `/maybe` does; before the check it leaves something that looks like a
 *   session of `mallory` where the adapter leaves its sessions, if it leaves them anywhere
 * - `/renew` refreshes, as a refresh route of the app's own, and answers `{"user"}`
 * - `/again?amr=` needs a session, signs in again in it with each `amr=` as a method, then asks for
 *   the session with `maxAuthAge: "1m"` and `antiCsrfCheck: false`, and answers as `/api` does by
 *   what it has found; `/session/refresh/again` the same
 * - `/out` signs out, as a sign-out route of the app's own, and answers `{"ok"}`, whether there was
 *   a session
 * - `/claims` needs a session, sets its claims to `{ role: "Ädmin ☃" }`, and answers as `/api` does
 * - `/leave` needs a session, ends it, and answers `{"ok":true}`
 * - `/act?user=` needs a session, starts one for the user with the claims `{ role: "member" }` in
 *   which that session is the `actor`, and answers `{"ok":true}`
 * - `/user-only` answers as `/api` does, with `refuseActor: true`
 * - `/admin` answers as `/api` does, with `claims: { role: "admin" }`; `/rule` with a function that
 *   returns true for that role, and `a rôle of the staff` otherwise; `/page-admin` with
 *   `claims: { role: "admin" }`, `page: true` and `sessionRequired: false`
 * - `/mfa` answers as `/api` does, with `requireAmr: ["mfa"]`
 * - `/echo` needs a session, and answers the JSON body that it got
 * - `/stream` needs a session, sends `begin `, then changes the claims and sends the code of the
 *   error that it gets
 * - `/late?ms=` asks for the session with `page: true` and `sessionRequired: false`, moves the
 *   instance's clock on by so many ms, asks once more without `page`, and answers as `/maybe` does
 *   by what it has found then
 * - `/half` needs a session, sets the headers of a file on its answer where the framework has one
 *   before the handler returns it (`content-type: application/pdf`, `content-length: 5000` and all
 *   others of its kind), then reads the session's data and answers `{"ok":true}`
 * - `/cached` needs a session, then sets `Vary: Accept-Language` and `Cache-Control: public,
 *   max-age=60`, in place of what is there, and answers as `/api` does; `/cached-before` sets them
 *   before the check, where the platform has a response by then
 * - `/fault` throws `new Error("fault")`
 */
export interface HttpApp {
  /** The port of the app on 127.0.0.1. */
  readonly port: number;
  /**
   * The protocol of the port; `"h2c"` is HTTP/2 without TLS, and needs Node 24. Default
   * `"http/1.1"`.
   */
  readonly protocol?: "http/1.1" | "h2c" | undefined;
  /** The instance of the app. */
  readonly sessions: Sessions;
  /** The time of the instance, in ms since the epoch; clauses set it. */
  readonly clock: { now: number };
  /** Makes every call of the store fail, or work again. */
  setStoreDown(down: boolean): void;
  /** Closes the app. */
  close(): Promise<void>;
}

/** Starts an app over the adapter. */
export type StartHttpApp = (options: HttpAppOptions) => Promise<HttpApp>;

/** One thing that an adapter must do. */
export interface HttpClause {
  /** The name of the clause, which never changes. */
  readonly id: string;
  /** What the adapter MUST do. */
  readonly name: string;
  /**
   * Runs the clause.
   *
   * @throws an error if the adapter breaks the clause
   */
  run(start: StartHttpApp): Promise<void>;
}

export const SECOND = 1000;
export const MINUTE: number = 60 * SECOND;
export const DAY: number = 24 * 60 * MINUTE;
export const FOREIGN = "https://evil.example";
export const TRUSTED = "https://app.example";
export const SHOP = "https://shop.example";
/** An instance with its own origin and one trusted origin. */
export const SHOP_CONFIG: NonNullable<HttpAppOptions["config"]> = {
  http: { publicOrigin: SHOP, trustedOrigins: [TRUSTED] },
};

/** A client's cookies and tokens of a session. */
export interface ClientCredentials {
  readonly access: string;
  readonly refresh: string;
  readonly marker: string;
  readonly antiCsrf: string;
  /** The names in the response. */
  readonly names: Sessions["cookieNames"];
}

export const call = (app: HttpApp, path: string, sent: Omit<Sent, "path"> = {}): Promise<RawResponse> =>
  app.protocol === "h2c" ? sendHttp2(app.port, { path, ...sent }) : send(app.port, { path, ...sent });

/** The cookies and tokens of a response; those that it does not set stay as in `before`. */
export function credentialsOf(response: RawResponse, before?: ClientCredentials): ClientCredentials {
  const { access, refresh, marker } = sessionCookiesOf(response);
  return {
    access: access?.value ?? response.header("st-access-token") ?? before?.access ?? "",
    refresh: refresh?.value ?? response.header("st-refresh-token") ?? before?.refresh ?? "",
    marker: marker?.value ?? before?.marker ?? "",
    antiCsrf: response.header("anti-csrf") ?? before?.antiCsrf ?? "",
    names: {
      access: access?.name ?? before?.names.access ?? "",
      refresh: refresh?.name ?? before?.names.refresh ?? "",
      marker: marker?.name ?? before?.names.marker ?? "",
    },
  };
}

export async function signIn(
  app: HttpApp,
  headers: SentHeaders = {},
  user = "alice",
  details = "",
): Promise<ClientCredentials> {
  const response = await call(app, `/login?user=${user}${details}`, { method: "POST", headers });
  same([response.status, response.text], [200, '{"ok":true}']);
  return credentialsOf(response);
}

export const handleOf = ({ marker }: ClientCredentials): string => marker.split(".")[1] ?? "";

/** The `Cookie` header of ordinary calls. Only the refresh route gets the refresh token. */
export const cookiesOf = ({ access, marker, names }: ClientCredentials): string =>
  cookieHeader([
    [names.access, access],
    [names.marker, marker],
  ]);

export const allCookiesOf = (own: ClientCredentials): string =>
  `${cookiesOf(own)}; ${own.names.refresh}=${own.refresh}`;

export const withCookies = (own: ClientCredentials): SentHeaders => ({
  cookie: cookiesOf(own),
  "anti-csrf": own.antiCsrf,
});

export const refreshed = (app: HttpApp, own: ClientCredentials, headers: SentHeaders = {}): Promise<RawResponse> =>
  call(app, "/session/refresh", { method: "POST", headers: { cookie: allCookiesOf(own), ...headers } });

/** Whether the session can still be refreshed. */
export const isAlive = async (app: HttpApp, own: ClientCredentials): Promise<boolean> =>
  (await refreshed(app, own)).status === 200;

/** Runs a clause against an app, and always closes the app. */
export async function against(
  start: StartHttpApp,
  options: HttpAppOptions,
  work: (app: HttpApp) => Promise<void>,
): Promise<void> {
  const app = await start(options);
  try {
    await work(app);
  } finally {
    app.setStoreDown(false);
    await app.close();
  }
}

/** `Max-Age` and `Expires` of a line that clears a cookie. */
export const OVER = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/** The lines that clear our cookies with the default config, in order. */
export const clearedOf = ({ names }: ClientCredentials): readonly string[] => [
  `${names.refresh}=; ${OVER}; Path=/session/refresh; HttpOnly; Secure; SameSite=Lax`,
  `${names.marker}=; ${OVER}; Path=/; Secure; SameSite=Lax`,
  `${names.access}=; ${OVER}; Path=/; HttpOnly; Secure; SameSite=Lax`,
];

export const ours = (response: RawResponse): readonly string[] =>
  response.cookies.filter((line) => kindOfCookie(parseSetCookie(line).name) !== undefined);
