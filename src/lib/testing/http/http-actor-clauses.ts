import { deepStrictEqual as same } from "node:assert";
import {
  against,
  call,
  type ClientCredentials,
  credentialsOf,
  handleOf,
  type HttpApp,
  type HttpAppOptions,
  type HttpClause,
  isAlive,
  MINUTE,
  refreshed,
  signIn,
  withCookies,
} from "./http-app.ts";

const CHECKED: NonNullable<HttpAppOptions["config"]> = { tokens: { accessToken: { revocation: "store" } } };
const FOLLOWED: NonNullable<HttpAppOptions["config"]> = { tokens: { accessToken: { revocation: "feed" } } };
const REFUSED = { message: "actor refused" };

/** The support signs in, and acts for alice with the same cookies. */
async function act(app: HttpApp): Promise<{ readonly support: ClientCredentials; readonly acting: ClientCredentials }> {
  const support = await signIn(app, {}, "support");
  const response = await call(app, "/act?user=alice", { method: "POST", headers: withCookies(support) });
  same([response.status, response.text], [200, '{"ok":true}']);
  return { support, acting: credentialsOf(response, support) };
}

const post = async (app: HttpApp, path: string, own: ClientCredentials): Promise<readonly [number, unknown]> => {
  const response = await call(app, path, { method: "POST", headers: withCookies(own) });
  return [response.status, response.json()];
};

export const actorClauses: readonly HttpClause[] = [
  {
    id: "actor-1",
    name: "MUST start a session in which the session of the request acts, and leave that one alive",
    run: (start) =>
      against(start, { config: CHECKED }, async (app) => {
        const { support, acting } = await act(app);
        const alice = await call(app, "/api", { headers: withCookies(acting) });
        same(alice.json(), { user: "alice", claims: { role: "member" } });
        const actor = { userId: "support", handle: handleOf(support) };
        const [session] = await app.sessions.getSessionsForUser("alice");
        same([session?.handle, session?.actor], [handleOf(acting), actor]);
        const list = (await call(app, "/session/sessions", { headers: withCookies(acting) })).json();
        same((list as { sessions: { actor?: unknown }[] }).sessions[0]?.actor, actor);
        same(await isAlive(app, support), true);
        // A late response has set the cookies of before again, except for the refresh cookie.
        const mixed = { ...acting, access: support.access, marker: support.marker };
        same((await refreshed(app, mixed)).status, 200);
      }),
  },
  {
    id: "actor-2",
    name: "MUST refuse an actor where a route or the revocation of other sessions is for the user only, and let it sign out",
    run: (start) =>
      against(start, {}, async (app) => {
        const own = await signIn(app);
        same((await call(app, "/user-only", { headers: withCookies(own) })).status, 200);
        const { acting, support } = await act(app);
        same(await post(app, "/user-only", acting), [403, REFUSED]);
        for (const query of ["others=true", `handle=${handleOf(own)}`, `handle=${handleOf(acting)}`])
          same(await post(app, `/session/sessions/revoke?${query}`, acting), [403, REFUSED]);
        same(await post(app, "/act?user=bob", acting), [403, REFUSED]);
        same([await isAlive(app, own), (await app.sessions.getSessionsForUser("bob")).length], [true, 0]);
        same(await post(app, "/session/signout", acting), [200, {}]);
        same([await isAlive(app, acting), await isAlive(app, own), await isAlive(app, support)], [false, true, true]);
      }),
  },
  {
    id: "actor-3",
    name: "MUST end the session at its next refresh when that of the actor has ended, and at once where each request asks",
    async run(start) {
      for (const config of [undefined, CHECKED, FOLLOWED]) {
        await against(start, config === undefined ? {} : { config }, async (app) => {
          const { support, acting } = await act(app);
          const next = credentialsOf(await refreshed(app, acting), acting);
          await app.sessions.revokeSessionUsingSessionHandle(handleOf(support));
          const response = await call(app, "/api", { headers: withCookies(next) });
          same(response.status, config === undefined ? 200 : 401);
          const over = await refreshed(app, next);
          same([over.status, over.json(), over.cookies.length], [401, { message: "unauthorised" }, 3]);
          same(await app.sessions.getSessionsForUser("alice"), []);
        });
      }
    },
  },
  {
    id: "actor-4",
    name: "MUST end the session after session.actorTimeout, however often it is refreshed",
    run: (start) =>
      against(start, { config: { session: { actorTimeout: "20m" } } }, async (app) => {
        let { acting } = await act(app);
        for (const minutes of [8, 8]) {
          app.clock.now += minutes * MINUTE;
          acting = credentialsOf(await refreshed(app, acting), acting);
        }
        app.clock.now += 4 * MINUTE;
        same((await call(app, "/api", { headers: withCookies(acting) })).status, 401);
        same(await isAlive(app, acting), false);
      }),
  },
];
