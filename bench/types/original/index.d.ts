/**
 * What the benchmarks call of supertokens-node-mysql-ref-jwt, which ships its TypeScript sources
 * instead of declarations.
 */
export interface Config {
  readonly mysql: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
    readonly connectionLimit?: number;
  };
  readonly tokens: {
    readonly accessToken: { readonly validity: number };
    readonly refreshToken: { readonly renewTokenPath: string };
    readonly enableAntiCsrf: boolean;
  };
  readonly cookie: { readonly domain: string; readonly secure: boolean; readonly sameSite: "lax" | "strict" | "none" };
}
interface Token {
  readonly value: string;
  readonly expires: number;
}
export function init(config: Config): Promise<void>;
export function createNewSession(
  userId: string,
  jwtPayload: object,
  sessionData: object,
): Promise<{
  readonly session: { readonly handle: string };
  readonly accessToken: Token;
  readonly refreshToken: Token;
  readonly idRefreshToken: Token;
  readonly antiCsrfToken?: string;
}>;
/** Checks no anti-CSRF token where it is given null. */
export function getSession(
  accessToken: string,
  antiCsrfToken: string | null,
): Promise<{ readonly session: { readonly userId: string | number }; readonly newAccessToken?: Token }>;
export function refreshSession(refreshToken: string): Promise<{
  readonly newAccessToken: Token;
  readonly newRefreshToken: Token;
  readonly newAntiCsrfToken?: string;
}>;
export function revokeSessionUsingSessionHandle(sessionHandle: string): Promise<boolean>;
export function revokeAllSessionsForUser(userId: string | number): Promise<void>;
export const Error: { isErrorFromAuth(error: unknown): boolean };
