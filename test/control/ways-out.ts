/**
 * Every way in which a session ends before it expires. `omissions.test.ts` compares the list with
 * the calls in src.
 */
import type { CounterfoilConfig } from "counterfoil";
import { createNewSession, getSession, signOut } from "counterfoil/web";
import { parseConfig } from "../../build/lib/config/parse-config.js";
import { assembleSessions } from "../../build/lib/session/assemble-sessions.js";
import { SECRET } from "../fixtures/constants.ts";
import { type Client, type Open, openSide, ownRequest, type Side, signIn } from "./scene.ts";

export interface WayOut {
  /** Signs in, if the session must be of a kind. Default: any. */
  readonly begin?: (side: Side) => Promise<Client>;
  /** Ends the session of `client` by the process `side`. */
  readonly end: (side: Side, client: Client, place: Place) => Promise<unknown>;
  /** The reason of its event; null: another event; undefined: none until the next refresh. */
  readonly reason: string | null | undefined;
}

export interface Place {
  readonly open: Open;
  readonly config: CounterfoilConfig;
}

/** Longer than three windows of a second. */
const SETTLED = 3100;

/** Signs the user in at an instance of this limit. */
async function atLimit(limit: CounterfoilConfig["session"], { open, config }: Place, client: Client, side: Side) {
  const limited = await openSide(open, 0, { ...config, session: { ...config.session, ...limit } });
  const told: object[] = [];
  limited.sessions.on("session-revoked", (event) => void told.push(event));
  await limited.sessions.createNewSession(client.userId);
  await limited.close();
  relay(side, told);
}

/** What another instance of the process that ends has told. */
export const relayed = new WeakMap<Side, object[]>();

function relay(side: Side, told: readonly object[]): void {
  relayed.set(side, [...(relayed.get(side) ?? []), ...told]);
}

const fromOther = async (side: Side, client: Client, path: string): Promise<void> => {
  const other = await signIn(side, client.userId);
  const response = await side.fetch(ownRequest(side.sessions, other, path, { method: "POST" }));
  if (response.status !== 200) throw new Error(`${path}: ${response.status}`);
};

export const WAYS_OUT = {
  "revocation by handle": {
    end: ({ sessions }, { handle }) => sessions.revokeSessionUsingSessionHandle(handle),
    reason: "revoked",
  },
  "revocation of a user's": {
    end: ({ sessions }, { userId }) => sessions.revokeAllSessionsForUser(userId),
    reason: "revoked",
  },
  "revocation of a user's others": {
    async end(side, { userId }) {
      const { handle } = await signIn(side, userId);
      return side.sessions.revokeAllSessionsForUser(userId, { except: handle });
    },
    reason: "revoked",
  },
  "forgetting the user": { end: ({ sessions }, { userId }) => sessions.forgetUser(userId), reason: "revoked" },
  "the sign-out route": {
    end: ({ sessions, fetch }, client) => fetch(ownRequest(sessions, client, "/session/signout", { method: "POST" })),
    reason: "sign-out",
  },
  "a sign-out of a route of one's own": {
    end: ({ sessions, inRoute }, client) =>
      inRoute(ownRequest(sessions, client, "/bye", { method: "POST" }), (own) => signOut(own, { sessions })),
    reason: "sign-out",
  },
  "revokeSession of a request": {
    end: ({ sessions, inRoute }, client) =>
      inRoute(ownRequest(sessions, client, "/"), async (own) => (await getSession(own, { sessions })).revokeSession()),
    reason: "sign-out",
  },
  "the route of own sessions: one": {
    end: (side, client) => fromOther(side, client, `/session/sessions/revoke?handle=${client.handle}`),
    reason: "revoked",
  },
  "the route of own sessions: the others": {
    end: (side, client) => fromOther(side, client, "/session/sessions/revoke?others=true"),
    reason: "revoked",
  },
  "the route of own sessions: this one": {
    end: ({ sessions, fetch }, client) =>
      fetch(ownRequest(sessions, client, `/session/sessions/revoke?handle=${client.handle}`, { method: "POST" })),
    reason: "sign-out",
  },
  "a sign-in in its place": {
    end: ({ sessions, inRoute }, client) =>
      inRoute(ownRequest(sessions, client, "/login", { method: "POST" }), (own) =>
        createNewSession(own, client.userId, { sessions }),
      ),
    reason: "signed-in-again",
  },
  "a sign-in of another user in its place": {
    end: ({ sessions, inRoute }, client) =>
      inRoute(ownRequest(sessions, client, "/login", { method: "POST" }), (own) =>
        createNewSession(own, `${client.userId}, too`, { sessions }),
      ),
    reason: "signed-in-again",
  },
  "a limit that ends the oldest": {
    end: (side, client, place) => atLimit({ maxPerUser: 1, onMaxPerUser: "end-oldest" }, place, client, side),
    reason: "limit",
  },
  "a limit that trims": {
    async end(side, client, { open, config }) {
      const store = await open(0);
      // Only the default limit, 100, trims.
      const policy = { ...parseConfig({ ...config, secret: SECRET }), limit: { max: 1, onLimit: "trim", atOnce: 10 } };
      const trimming = assembleSessions(policy as never, store);
      const told: object[] = [];
      trimming.on("session-revoked", (event) => void told.push(event));
      await trimming.createNewSession(client.userId);
      await trimming.close();
      relay(side, told);
    },
    reason: "limit",
  },
  "the alarm": {
    async end({ sessions, advance }, { created }) {
      const { newRefreshToken } = await sessions.refreshSession(created.refreshToken.value);
      advance(SETTLED);
      await sessions.refreshSession(newRefreshToken.value);
      advance(SETTLED);
      return sessions.refreshSession(created.refreshToken.value).catch(() => undefined);
    },
    reason: "reuse",
  },
  "the end of the actor's session": {
    async begin(side) {
      const actor = await signIn(side);
      const client = await signIn(side, undefined, { actor: { userId: actor.userId, handle: actor.handle } });
      return { ...client, actor };
    },
    end: ({ sessions }, { actor }) => sessions.revokeSessionUsingSessionHandle(actor?.handle ?? ""),
    reason: undefined,
  },
  "the end of all sessions of the actor": {
    async begin(side) {
      const actor = await signIn(side);
      const client = await signIn(side, undefined, { actor: { userId: actor.userId, handle: actor.handle } });
      return { ...client, actor };
    },
    end: ({ sessions }, { actor }) => sessions.revokeAllSessionsForUser(actor?.userId ?? ""),
    reason: undefined,
  },
  // Last, because it ends those of the other rows as well.
  "revocation of everything": { end: ({ sessions }) => sessions.revokeAllSessions(), reason: null },
} as const satisfies Readonly<Record<string, WayOut>>;
