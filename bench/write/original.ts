import { randomUUID } from "node:crypto";
import {
  createNewSession,
  getSession,
  refreshSession,
  revokeAllSessionsForUser,
  revokeSessionUsingSessionHandle,
} from "supertokens-node-mysql-ref-jwt/index.js";
import { initOriginal } from "../original.ts";
import type { MysqlAddress } from "../servers/mysql-address.ts";
import { CLAIMS } from "../verify/library.ts";
import { consume, evolve, makeMany, makeUsers, repeat, REVOCABLE, type Writer } from "./operations.ts";

/** As many as Counterfoil's pool has. */
const CONNECTIONS = 10;

export async function createOriginal(mysql: MysqlAddress): Promise<Writer> {
  await initOriginal({ ...mysql, connectionLimit: CONNECTIONS });
  const create = (user: string = randomUUID()) => createNewSession(user, CLAIMS, {});
  const refreshTokens = (count: number): Promise<string[]> =>
    makeMany(count, async () => (await create()).refreshToken.value);

  return {
    async prepare(operation, lanes) {
      switch (operation) {
        case "create":
          return repeat(() => create());
        case "refresh":
          return evolve(await refreshTokens(lanes), async (token) => {
            await refreshSession(token);
            return token;
          });
        case "confirm":
          // The first use of the new access token does that, within the cycle.
          return undefined;
        case "cycle":
          return evolve(await refreshTokens(lanes), async (token) => {
            const { newAccessToken, newAntiCsrfToken, newRefreshToken } = await refreshSession(token);
            await getSession(newAccessToken.value, newAntiCsrfToken ?? null);
            return newRefreshToken.value;
          });
        case "revoke": {
          const handles = await makeMany(REVOCABLE, async () => (await create()).session.handle);
          return consume(handles, revokeSessionUsingSessionHandle);
        }
        case "revoke all":
          // It takes a second connection while it holds one, so as many as there are wait for ever.
          if (lanes >= CONNECTIONS) return undefined;
          return consume(await makeUsers(create), revokeAllSessionsForUser);
      }
    },
  };
}
