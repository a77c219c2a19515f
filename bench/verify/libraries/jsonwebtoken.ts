import { createSecretKey, randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import { type Library, payloadOf, userNames, type VerifyOrder } from "../library.ts";

export async function createJsonWebToken({ tokens }: VerifyOrder): Promise<Library<jwt.JwtPayload>> {
  const key = createSecretKey(randomBytes(32));
  return {
    credentials: userNames(tokens).map((user) => ({
      user,
      token: jwt.sign(payloadOf(user), key, { algorithm: "HS256", expiresIn: "1d" }),
      antiCsrf: "",
    })),
    verify: (token) => jwt.verify(token, key, { algorithms: ["HS256"] }) as jwt.JwtPayload,
    userOf: ({ sub }) => sub,
  };
}
