/** Two processes over one database: one ends sessions, the other one lets their tokens in. */
import { type CounterfoilConfig, type CreatedSession, createSessions, type Sessions } from "counterfoil";
import { withSessions } from "counterfoil/web";
import { SECRET } from "../fixtures/constants.ts";
import { openStore } from "../store/open-store.ts";
import type { AddressOf } from "../store/databases.ts";
import type { SessionStore } from "../../src/lib/session/session-store.ts";

export type Mode = "off" | "feed" | "store";

/** How long an ended session's tokens may work, in ms. */
export const BOUND: Readonly<Record<Mode, number>> = { off: 15 * 60_000, feed: 1000, store: 0 };

export interface Side {
  readonly sessions: Sessions;
  /** Its clock goes on by this. */
  readonly advance: (ms: number) => void;
  /** Its clock goes on to that of another one, if it is behind. */
  readonly catchUp: (other: Pick<Side, "now">) => void;
  readonly now: () => number;
  /** Answers the session routes, and 404 to all else. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Runs the app's own route. */
  readonly inRoute: <T>(request: Request, work: (request: Request) => T | Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Opens the database for a process. */
export type Open = (client: number) => Promise<SessionStore>;

export const openAt =
  (address: AddressOf): Open =>
  (client) =>
    openStore(address(client));

export async function openSide(open: Open, client: number, config: CounterfoilConfig): Promise<Side> {
  const store = await open(client);
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const sessions = createSessions({ ...config, secret: SECRET, store, clock: now });
  await sessions.ready();
  const handler = withSessions(async () => new Response("not found", { status: 404 }), { sessions });
  return {
    sessions,
    now,
    catchUp(other) {
      ahead += Math.max(0, other.now() - now());
    },
    advance(ms) {
      ahead += ms;
    },
    fetch: async (request) => handler(request),
    async inRoute<T>(request: Request, work: (own: Request) => T | Promise<T>) {
      let result: Promise<T> | undefined;
      const route = withSessions(
        async (own) => {
          result = Promise.resolve(work(own));
          await result.catch(() => undefined);
          return new Response();
        },
        { sessions },
      );
      await route(request);
      if (result === undefined) throw new Error("the request was answered before its route");
      return result;
    },
    close: () => sessions.close(),
  };
}

/** A session, as its client has it. */
export interface Client {
  readonly userId: string | number;
  readonly handle: string;
  readonly created: CreatedSession;
  /** Who acts for the user. */
  readonly actor?: Client;
}

export const HOST = "http://localhost";

export const cookieOf = (sessions: Sessions, { accessToken, idRefreshToken }: CreatedSession): string =>
  `${sessions.cookieNames.access}=${accessToken.value}; ${sessions.cookieNames.marker}=${idRefreshToken.value}`;

/** A request of the client's own page. */
export function ownRequest(
  sessions: Sessions,
  { created }: Client,
  path: string,
  init: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Request {
  const headers: Record<string, string> = {
    cookie: cookieOf(sessions, created),
    origin: HOST,
    "sec-fetch-site": "same-origin",
    ...init.headers,
  };
  if (created.antiCsrfToken !== undefined) headers["anti-csrf"] = created.antiCsrfToken;
  return new Request(HOST + path, { method: init.method ?? "GET", headers });
}

let users = 0;

export const newUser = (): string => `user ${process.pid} ${(users += 1)}`;

export async function signIn(
  { sessions }: Pick<Side, "sessions">,
  userId: string | number = newUser(),
  options: Parameters<Sessions["createNewSession"]>[3] = {},
): Promise<Client> {
  const created = await sessions.createNewSession(userId, {}, {}, options);
  return { userId, handle: created.session.handle, created };
}
