import { randomBytes } from "node:crypto";
import { sealData, unsealData } from "iron-session";
import { type Credentials, type Library, payloadOf, userNames, type VerifyOrder } from "../library.ts";

type Verified = Readonly<Record<string, unknown>>;

/** It gives an empty object for a seal that it refuses. */
export async function createIronSession({ tokens }: VerifyOrder): Promise<Library<Verified | undefined>> {
  const options = { password: randomBytes(32).toString("base64"), ttl: 86_400 };
  const credentials: Credentials[] = [];
  for (const user of userNames(tokens))
    credentials.push({ user, token: await sealData(payloadOf(user), options), antiCsrf: "" });
  return {
    credentials,
    async verify(token) {
      const data: Verified = await unsealData(token, options);
      return data["sub"] === undefined ? undefined : data;
    },
    userOf: ({ sub }) => sub,
  };
}
