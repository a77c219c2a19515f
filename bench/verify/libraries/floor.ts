import { randomBytes } from "node:crypto";
import { areEqual } from "../../are-equal.ts";
import { type Library, userNames, type VerifyOrder } from "../library.ts";

interface Remembered {
  readonly userId: string;
  readonly expires: number;
  readonly antiCsrf: string;
}

/**
 * The least that a repeated token can cost: one look-up, its expiry, its anti-CSRF text, in an
 * async function.
 */
export async function createFloor({ tokens }: VerifyOrder): Promise<Library<Remembered | undefined>> {
  const remembered = new Map<string, Remembered>();
  const expires = Date.now() + 86_400_000;
  const credentials = userNames(tokens).map((user) => {
    // As long as a token of Counterfoil.
    const [token, antiCsrf] = [randomBytes(246).toString("base64url"), randomBytes(32).toString("base64url")];
    remembered.set(token, { userId: user, expires, antiCsrf });
    return { user, token, antiCsrf };
  });
  return {
    credentials,
    async verify(token, antiCsrf) {
      const found = remembered.get(token);
      if (found === undefined || found.expires <= Date.now()) return undefined;
      return areEqual(found.antiCsrf, antiCsrf) ? found : undefined;
    },
    userOf: ({ userId }) => userId,
  };
}
