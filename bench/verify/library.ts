import type { MysqlAddress } from "../servers/mysql-address.ts";

/** What a process is started with: a library, and how it is set up. */
export interface VerifyOrder {
  readonly library: LibraryName;
  /** Live tokens, which take turns. */
  readonly tokens: number;
  readonly signing: Signing;
  /** Most tokens that the library remembers; 0: none. */
  readonly cacheSize: number;
  /** Whether each call checks an anti-CSRF token as well. */
  readonly antiCsrf: boolean;
  /**
   * For the library that does not start without a database. It asks it for nothing when it
   * verifies.
   */
  readonly mysql: MysqlAddress | undefined;
}

export type Signing = "HS256" | "EdDSA" | "ES256";

export type LibraryName =
  | "counterfoil"
  | "floor"
  | "floor-first-sight"
  | "original"
  | "jose"
  | "fast-jwt"
  | "jsonwebtoken"
  | "iron-session"
  | "secure-session";

export interface Credentials {
  readonly user: string;
  readonly token: string;
  readonly antiCsrf: string;
}

/** A library that is ready to verify tokens of its own. */
export interface Library<Verified> {
  readonly credentials: readonly Credentials[];
  /** Fails, or gives undefined or null, for a token that it refuses. */
  verify(token: string, antiCsrf: string): Verified | Promise<Verified>;
  userOf(verified: NonNullable<Verified>): unknown;
}

/** What all tokens say beside their user. */
export const CLAIMS = { role: "admin", organisation: "acme" } as const;

export const userNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `user-${String(index).padStart(7, "0")}`);

/** For libraries that sign what they are given: what a token of Counterfoil says. */
export const payloadOf = (user: string): Readonly<Record<string, unknown>> => ({
  sub: user,
  sid: "0123456789abcdefghijklmn",
  auth_time: 1_700_000_000,
  cv: 1,
  pld: CLAIMS,
});
