import { Error as AuthError, type Sessions } from "counterfoil";
import type { RequestSession } from "counterfoil/web";

/** What an app gets: the options that carry the instance, and whether to mount everything twice. */
export interface Setup {
  /** Empty for the default instance. */
  readonly instance: { readonly sessions?: Sessions };
  readonly twice: boolean;
  /** A second instance, over a store of its own. */
  readonly other: { readonly sessions: Sessions };
}

/** What another middleware may leave on a request. */
export const FOREIGN_AUTH: RequestSession = {
  getUserId: () => "mallory",
  getJWTPayload: () => ({ role: "admin" }),
} as unknown as RequestSession;

/** How `/second` and `/foreign` ask. */
export const OPTIONAL = { sessionRequired: false } as const;

/** The claims that `/claims` sets. */
export const NEW_CLAIMS = { role: "Ädmin ☃" };

/** The options of the pages that demand more than a session. */
export const PAGES = {
  "/page-fresh": { page: true, maxAuthAge: "5m" },
  "/page-fresh-maybe": { page: true, maxAuthAge: "5m", sessionRequired: false },
  "/page-checked": { page: true, antiCsrfCheck: true },
} as const;

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
