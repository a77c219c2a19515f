import { randomBytes } from "node:crypto";
import { createSigner, createVerifier } from "fast-jwt";
import { findCookie } from "./http-cookies.ts";
import type { NodeSessions } from "./http-node.ts";

/** A token that is verified, and nothing else: neither CSRF nor revocation nor a change of keys. */
export function createFastJwt(): NodeSessions {
  const key = randomBytes(32);
  const sign = createSigner({ key, expiresIn: 86_400_000 });
  const verify = createVerifier({ key, cache: 10_000 });
  return {
    async signIn(_request, response, user) {
      response.setHeader(
        "set-cookie",
        `token=${sign({ sub: user, sid: randomBytes(18).toString("base64url") })}; Path=/`,
      );
    },
    async findUser({ headers }) {
      const token = findCookie(headers.cookie, "token");
      if (token === undefined) return undefined;
      try {
        return String((verify(token) as { readonly sub: unknown }).sub);
      } catch {
        return undefined;
      }
    },
  };
}
