/** What the benchmarks call of supertokens-node-mysql-ref-jwt, which ships its TypeScript sources instead of declarations. */
export interface Config {
  readonly mysql: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
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
): Promise<{ readonly accessToken: Token; readonly idRefreshToken: Token; readonly antiCsrfToken?: string }>;
export function getSession(
  accessToken: string,
  antiCsrfToken?: string,
): Promise<{ readonly session: { readonly userId: string | number } }>;
export const Error: { isErrorFromAuth(error: unknown): boolean };
