/**
 * Every way in which a client's tokens, or a handle, are let in. `omissions.test.ts` compares the
 * list with the calls in src.
 */
import type { IncomingMessage } from "node:http";
import { AuthError } from "counterfoil";
import { getSession, refreshSession, signOut } from "counterfoil/web";
import {
  createSocketGuard,
  createSocketTicket,
  getUpgradeSession,
  redeemSocketTicket,
  TICKET_PROTOCOL,
} from "counterfoil/websocket";
import { type Client, HOST, ownRequest, type Side } from "./scene.ts";

/** One use of one way. @returns whether the session was let in */
export type Try = () => Promise<boolean>;

export interface WayIn {
  /** Prepares one use, while the session lives. */
  readonly prepare: (side: Side, client: Client) => Promise<Try>;
  /** Whether its use ends the session, so that it is tried only afterwards. */
  readonly isLast?: true;
  /** Whether it refuses those who act for the user. */
  readonly isForUser?: true;
}

async function isIn(work: () => unknown): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (AuthError.isErrorFromAuth(error) && error.errType !== AuthError.GENERAL_ERROR) return false;
    throw error;
  }
}

const way = (use: (side: Side, client: Client) => unknown): WayIn => ({
  prepare: async (side, client) => () => isIn(() => use(side, client)),
});

const route = (path: string, method = "GET", headers: Record<string, string> = {}): WayIn => ({
  prepare:
    async ({ sessions, fetch }, client) =>
    async () =>
      (await fetch(ownRequest(sessions, client, path, { method, headers }))).status === 200,
});

const upgradeOf = (headers: Readonly<Record<string, string>>): IncomingMessage =>
  ({ method: "GET", url: "/socket", headers: { host: "localhost", ...headers } }) as unknown as IncomingMessage;

export const WAYS_IN = {
  "getSession of the root": way(({ sessions }, { created }) => sessions.getSession(created.accessToken.value, null)),
  "a request by cookie": way(({ sessions, inRoute }, client) =>
    inRoute(ownRequest(sessions, client, "/"), (own) => getSession(own, { sessions })),
  ),
  "a request that changes something": way(({ sessions, inRoute }, client) =>
    inRoute(ownRequest(sessions, client, "/", { method: "POST" }), (own) => getSession(own, { sessions })),
  ),
  "a request by header": way(({ sessions, inRoute }, { created }) => {
    const headers = { authorization: `Bearer ${created.accessToken.value}` };
    return inRoute(new Request(HOST, { headers }), (own) => getSession(own, { sessions }));
  }),
  "a page load": way(({ sessions, inRoute }, client) => {
    const headers = { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html" };
    const load = ownRequest(sessions, client, "/page", { headers });
    return inRoute(load, (own) => getSession(own, { sessions, page: true }));
  }),
  "a socket's upgrade": way(({ sessions }, client) => {
    const { headers } = ownRequest(sessions, client, "/");
    const cookie = headers.get("cookie") ?? "";
    return getUpgradeSession(upgradeOf({ cookie, origin: HOST }), { sessions });
  }),
  "a ticket, made": way(({ sessions }, { handle }) => createSocketTicket(handle, { sessions })),
  "a ticket, redeemed": {
    async prepare({ sessions }, { handle }) {
      const { value } = await createSocketTicket(handle, { sessions, validity: "5m" });
      return () => isIn(() => redeemSocketTicket(value, { sessions }));
    },
  },
  "a ticket in an upgrade": {
    async prepare({ sessions }, { handle }) {
      const { value } = await createSocketTicket(handle, { sessions, validity: "5m" });
      const headers = { "sec-websocket-protocol": TICKET_PROTOCOL + value };
      return () => isIn(() => getUpgradeSession(upgradeOf(headers), { sessions }));
    },
  },
  "an open socket": {
    async prepare({ sessions }, { handle }) {
      const guard = createSocketGuard({ sessions });
      let isOpen = true;
      guard.add(handle, () => (isOpen = false));
      return async () => {
        await guard.check();
        return isOpen;
      };
    },
  },
  "the route of own sessions": route("/session/sessions"),
  "the route that revokes own sessions": { ...route("/session/sessions/revoke?handle=none", "POST"), isForUser: true },
  "the route that renames own sessions": {
    isForUser: true,
    prepare:
      async ({ sessions, fetch }, client) =>
      async () => {
        const headers = { "counterfoil-label": "Phone" };
        const path = `/session/sessions/rename?handle=${client.handle}`;
        const response = await fetch(ownRequest(sessions, client, path, { method: "POST", headers }));
        return response.status === 200;
      },
  },
  "a refresh of the root": way(({ sessions }, { created }) => sessions.refreshSession(created.refreshToken.value)),
  "the refresh route": {
    prepare:
      async ({ sessions, fetch }, client) =>
      async () => {
        const cookie = `${sessions.cookieNames.refresh}=${client.created.refreshToken.value}`;
        const own = ownRequest(sessions, client, "/session/refresh", { method: "POST" });
        own.headers.set("cookie", `${own.headers.get("cookie")}; ${cookie}`);
        return (await fetch(own)).status === 200;
      },
  },
  "a refresh of a route of one's own": way(({ sessions, inRoute }, client) => {
    const cookie = `${sessions.cookieNames.refresh}=${client.created.refreshToken.value}`;
    const own = ownRequest(sessions, client, "/api/refresh", { method: "POST" });
    own.headers.set("cookie", `${own.headers.get("cookie")}; ${cookie}`);
    return inRoute(own, (request) => refreshSession(request, { sessions }));
  }),
  "data by handle": way(({ sessions }, { handle }) => sessions.getSessionData(handle)),
  "claims by handle": way(({ sessions }, { handle }) => sessions.updateJwtPayload(handle, (claims) => claims)),
  "the sign-out route": { ...route("/session/signout", "POST"), isLast: true },
  "a sign-out of a route of one's own": {
    prepare:
      async ({ sessions, inRoute }, client) =>
      () =>
        inRoute(ownRequest(sessions, client, "/api/bye", { method: "POST" }), (own) => signOut(own, { sessions })),
    isLast: true,
  },
} as const satisfies Readonly<Record<string, WayIn>>;
