import { randomBytes } from "node:crypto";
import { createSigner, createVerifier } from "fast-jwt";
import { type Library, payloadOf, userNames, type VerifyOrder } from "../library.ts";

export async function createFastJwt({ tokens, cacheSize }: VerifyOrder): Promise<Library<{ readonly sub: string }>> {
  const key = randomBytes(32);
  const sign = createSigner({ key, expiresIn: 86_400_000, header: { alg: "HS256", typ: "at+jwt" } });
  const verify = createVerifier({ key, algorithms: ["HS256"], cache: cacheSize === 0 ? false : cacheSize });
  return {
    credentials: userNames(tokens).map((user) => ({ user, token: sign(payloadOf(user)), antiCsrf: "" })),
    verify: (token) => verify(token) as { readonly sub: string },
    userOf: ({ sub }) => sub,
  };
}
