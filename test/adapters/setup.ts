import { Error as AuthError, type Sessions } from "counterfoil";
import type { ConsoleOptions } from "counterfoil/console";
import type { RequestSession, SignInDetails } from "counterfoil/web";

/** What an app gets: the options that carry the instance, and whether to mount everything twice. */
export interface Setup {
  /** Empty for the default instance. */
  readonly instance: { readonly sessions?: Sessions };
  readonly twice: boolean;
  /** Where a CORS set-up of the app's own is mounted. */
  readonly ownCors?: "first" | "last" | undefined;
  /** The time of the first instance. */
  readonly clock: { now: number };
  /** For the tests of the console alone. */
  readonly console?: Omit<ConsoleOptions, "authorize"> & { readonly decide: (name: string | undefined) => unknown };
  /** A second instance, over a store of its own. */
  readonly other: { readonly sessions: Sessions };
}

/** What a CORS set-up of the app's own says, in `ownCors`. */
export const OWN_CORS: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "https://app.example",
  "access-control-allow-credentials": "true",
  "access-control-expose-headers": "X-Total",
};

/** What another middleware may leave on a request. */
export const FOREIGN_AUTH: RequestSession = {
  getUserId: () => "mallory",
  getJWTPayload: () => ({ role: "admin" }),
} as unknown as RequestSession;

/** The session that is left on a request for routes, which `findSession` must return as well. */
export function leftAs(auth: unknown, found: RequestSession | undefined): RequestSession | undefined {
  if (auth !== found) throw new Error("what is left on the request is not what findSession returns");
  return found;
}

/** How `/second` and `/foreign` ask. */
export const OPTIONAL = { sessionRequired: false } as const;

/** How `/late` asks at first. */
export const FIRST = { page: true, sessionRequired: false } as const;

/** What `/login` gives a sign-in, by its query. */
export function detailsOf(url: string | undefined): SignInDetails {
  const query = new URL(url ?? "/", "http://local").searchParams;
  const persistent = query.get("persistent");
  return {
    jwtPayload: { role: query.get("role") ?? "member" },
    ...(persistent === null ? {} : { persistent: persistent === "true" }),
    ...(query.has("amr") ? { amr: query.getAll("amr") } : {}),
  };
}

/** How `/again?amr=` signs in again. */
export const signInOf = (url: string | undefined): { readonly amr?: readonly string[] } => {
  const query = new URL(url ?? "/", "http://local").searchParams;
  return query.has("amr") ? { amr: query.getAll("amr") } : {};
};

/** The second is below the path of the refresh cookie. */
export const AGAIN = ["/again", "/session/refresh/again"] as const;

/** Moves the clock on between the two questions of `/late?ms=`. */
export function wait({ clock }: Pick<Setup, "clock">, url: string | undefined): void {
  clock.now += Number(new URL(url ?? "/", "http://local").searchParams.get("ms"));
}

/** The claims that `/claims` sets. */
export const NEW_CLAIMS = { role: "Ädmin ☃" };

/** What `/half` sets before it fails, beside a cookie; the last describes no body. */
export const HALF_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "application/pdf",
  "content-length": "5000",
  "content-encoding": "gzip",
  "content-disposition": "attachment",
  "content-language": "de",
  "content-location": "/file.pdf",
  "content-range": "bytes 0-4999/10000",
  "accept-ranges": "bytes",
  etag: '"file"',
  "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT",
  "x-app": "1",
};

/** What `/cached` and `/cached-before` set, the one after the check and the other before. */
export const CACHED_HEADERS: Readonly<Record<string, string>> = {
  vary: "Accept-Language",
  "cache-control": "public, max-age=60",
};

/** The options of the pages that demand more than a session. */
export const PAGES = {
  "/page-fresh": { page: true, maxAuthAge: "5m" },
  "/page-fresh-maybe": { page: true, maxAuthAge: "5m", sessionRequired: false },
  "/page-checked": { page: true, antiCsrfCheck: true },
  "/user-only": { refuseActor: true },
  "/admin": { claims: { role: "admin" } },
  "/rule": { claims: (claims: { readonly role: string }) => claims.role === "admin" || "a rôle of the staff" },
  "/mfa": { requireAmr: ["mfa"] },
  "/page-admin": { page: true, sessionRequired: false, claims: { role: "admin" } },
} as const;

/** The details of a sign-in by `/act`. */
export function actingAs(actor: RequestSession | undefined): { readonly actor: RequestSession; jwtPayload: object } {
  if (actor === undefined) throw new Error("nobody to act");
  return { actor, jwtPayload: { role: "member" } };
}

/** What the app's own error handler says. */
export const faultOf = (error: unknown): { readonly app: string } => ({
  app: AuthError.isErrorFromAuth(error) ? error.code : error instanceof Error ? error.message : String(error),
});

/** Changes the claims of a session whose answer is under way, and says how that ended. */
export async function changeLate(auth: RequestSession | undefined): Promise<string> {
  try {
    await auth?.updateJwtPayload(NEW_CLAIMS);
    return "changed";
  } catch (error) {
    return faultOf(error).app;
  }
}
