import { randomUUID } from "node:crypto";
import { createSessions } from "counterfoil";
import { openStore, type StoreAddress } from "../growth/store.ts";
import { CLAIMS } from "../verify/library.ts";
import { consume, evolve, makeMany, makeUsers, repeat, REVOCABLE, type Writer } from "./operations.ts";

const SECRET = "the secret of the benches, which is long enough";

export async function createCounterfoil(address: StoreAddress): Promise<Writer> {
  const store = openStore(address);
  const sessions = createSessions({ store, secret: SECRET });
  // Its tokens are good once, so that each refresh confirms the last one.
  const singleUse = createSessions({ store, secret: SECRET, rotation: { window: "0s" } });
  await sessions.ready();

  const create = (user: string = randomUUID()) => sessions.createNewSession(user, CLAIMS);
  const refreshTokens = (count: number): Promise<string[]> =>
    makeMany(count, async () => (await create()).refreshToken.value);
  const children = (count: number): Promise<string[]> =>
    makeMany(count, async () => {
      const { refreshToken } = await create();
      return (await singleUse.refreshSession(refreshToken.value)).newRefreshToken.value;
    });

  return {
    async prepare(operation, lanes) {
      switch (operation) {
        case "create":
          return repeat(() => create());
        case "refresh":
          return evolve(await refreshTokens(lanes), async (token) => {
            await sessions.refreshSession(token);
            return token;
          });
        case "confirm":
          return evolve(
            await children(lanes),
            async (token) => (await singleUse.refreshSession(token)).newRefreshToken.value,
          );
        case "cycle":
          return evolve(await children(lanes), async (token) => {
            const { newAccessToken, newAntiCsrfToken, newRefreshToken } = await singleUse.refreshSession(token);
            await singleUse.getSession(newAccessToken.value, newAntiCsrfToken ?? null);
            return newRefreshToken.value;
          });
        case "revoke": {
          const handles = await makeMany(REVOCABLE, async () => (await create()).session.handle);
          return consume(handles, (handle) => sessions.revokeSessionUsingSessionHandle(handle));
        }
        case "revoke all":
          return consume(await makeUsers(create), (user) => sessions.revokeAllSessionsForUser(user));
      }
    },
  };
}
