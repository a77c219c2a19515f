import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { jwtVerify, SignJWT } from "jose";
import { type Credentials, type Library, payloadOf, type Signing, userNames, type VerifyOrder } from "../library.ts";

interface Keys {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const KEYS: Readonly<Record<Signing, () => Keys>> = {
  HS256() {
    const key = createSecretKey(randomBytes(32));
    return { privateKey: key, publicKey: key };
  },
  EdDSA: () => generateKeyPairSync("ed25519"),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
};

type Verified = Awaited<ReturnType<typeof jwtVerify>>;

export async function createJose({ tokens, signing }: VerifyOrder): Promise<Library<Verified>> {
  const { privateKey, publicKey } = KEYS[signing]();
  const credentials: Credentials[] = [];
  for (const user of userNames(tokens)) {
    const token = await new SignJWT(payloadOf(user))
      .setProtectedHeader({ alg: signing, typ: "at+jwt", kid: "0123456789a" })
      .setIssuedAt()
      .setExpirationTime("1d")
      .sign(privateKey);
    credentials.push({ user, token, antiCsrf: "" });
  }
  const options = { algorithms: [signing], typ: "at+jwt" };
  return {
    credentials,
    verify: (token) => jwtVerify(token, publicKey, options),
    userOf: ({ payload }) => payload.sub,
  };
}
