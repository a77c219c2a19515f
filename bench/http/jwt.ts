import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { createSigner, createVerifier } from "fast-jwt";
import { findCookie } from "./cookies.ts";

/** A token that is verified, and nothing else: neither CSRF nor revocation nor a change of keys. */
export interface JwtSessions {
  /** The value of `Set-Cookie`. */
  signIn(user: string): string;
  findUser(headers: IncomingHttpHeaders): string | undefined;
}

export const payloadOf = (user: string): { readonly sub: string; readonly sid: string } => ({
  sub: user,
  sid: randomBytes(18).toString("base64url"),
});

export function createFastJwt(): JwtSessions {
  const key = randomBytes(32);
  const sign = createSigner({ key, expiresIn: 86_400_000 });
  const verify = createVerifier({ key, algorithms: ["HS256"], cache: true });
  return createJwtSessions(
    (user) => sign(payloadOf(user)),
    (token) => verify(token) as { readonly sub?: unknown },
  );
}

export function createJwtSessions(
  sign: (user: string) => string,
  verify: (token: string) => { readonly sub?: unknown },
): JwtSessions {
  return {
    signIn: (user) => `token=${sign(user)}; Path=/; HttpOnly; Secure; SameSite=Lax`,
    findUser({ cookie }) {
      const token = findCookie(cookie, "token");
      if (token === undefined) return undefined;
      try {
        return String(verify(token).sub);
      } catch {
        return undefined;
      }
    },
  };
}
