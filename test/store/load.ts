/**
 * Honest clients on several servers over one database, while somebody pulls its nodes from under
 * them. Times are real here, since the database has its own; what counts is what was answered, and
 * what is there in the end. A seed decides what the clients do.
 */
import { setTimeout as pause } from "node:timers/promises";
import { createSessions, Error as AuthError, type Sessions } from "counterfoil";
import type { SessionStore } from "counterfoil/memory";
import { bound } from "../fixtures/bounds.ts";
import { randomNumbers, SEED } from "../fixtures/random.ts";
import { SECRET } from "./fixtures.ts";

/** What must be empty, and what must not. */
export interface Tally {
  /** Alarms, and tokens that the store did not know. */
  readonly alarms: readonly string[];
  /** Refusals that no honest client may get. */
  readonly refusals: readonly string[];
  /** Sessions and generations that were confirmed more than once. */
  readonly doubleConfirmations: readonly string[];
  /** Answered sign-ins, refreshes, writes or revocations that are not there in the end. */
  readonly lost: readonly string[];
  readonly answered: {
    readonly signIns: number;
    readonly refreshes: number;
    readonly confirmations: number;
    readonly writes: number;
    readonly revocations: number;
  };
  /** Calls that failed while a node was away, and were repeated. */
  readonly outages: number;
  /** Longest time without any answered refresh, in ms. */
  readonly longestGap: number;
}

export interface Load {
  /** How many refreshes have been answered so far. */
  readonly refreshes: () => number;
  /**
   * Ends when so many more have been answered, or twenty times as many in `npm run proof`, and one
   * of them was a confirmation; fails after a minute without.
   */
  readonly until: (refreshes: number) => Promise<void>;
  /** Lets all clients finish, and counts. */
  readonly stop: () => Promise<Tally>;
}

const WINDOW = 400;
const CLIENTS = 24;
/**
 * How many turns, of 60 ms and the answers' time, a session lives: longer than a token takes to
 * settle, on a fast machine too.
 */
const SESSION_TURNS = 40;
/** Some clients have two tabs, which refresh at the same time. */
const TABS = [1, 1, 2];

interface Client {
  readonly userId: string;
  readonly random: () => number;
  handle: string;
  /** What the cookie jar holds; the answer that arrives last wins. */
  token: string;
  /** Answered writes of a counter in the session data. */
  written: number;
  revoked: boolean;
}

/**
 * @param stores one for each server, best on different nodes; each gets an instance, as if it were
 * a process of its own
 */
export async function startLoad(stores: readonly SessionStore[]): Promise<Load> {
  const alarms: string[] = [];
  const refusals: string[] = [];
  const confirmed = new Map<string, number>();
  const answered = { signIns: 0, refreshes: 0, confirmations: 0, writes: 0, revocations: 0 };
  let outages = 0;
  const stop = new AbortController();
  let lastAnswer = performance.now();
  let longestGap = 0;

  const servers = stores.map((store) => {
    const sessions = createSessions<object, { n: number }>({
      store,
      secret: SECRET,
      rotation: { window: `${WINDOW}ms` },
    });
    sessions.on("reuse-detected", ({ handle, presented }) => alarms.push(`reuse-detected ${handle} ${presented}`));
    sessions.on("store-behind", ({ handle }) => alarms.push(`store-behind ${handle}`));
    sessions.on("session-refreshed", ({ handle, generation, outcome }) => {
      if (outcome !== "confirm") return;
      answered.confirmations += 1;
      const name = `${handle} ${generation}`;
      confirmed.set(name, (confirmed.get(name) ?? 0) + 1);
    });
    return sessions;
  });
  type Server = Sessions<object, { n: number }>;
  function anyServer(random: () => number): Server {
    const server = servers[Math.floor(random() * servers.length)];
    if (server === undefined) throw new Error("there is no server");
    return server;
  }

  /**
   * Calls some server until one answers; what the database cannot do now is asked again, as a
   * browser does after a 503.
   */
  async function insist<T>(random: () => number, call: (server: Server) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call(anyServer(random));
      } catch (error) {
        const isOutage =
          AuthError.isErrorFromAuth(error) &&
          error.errType === AuthError.GENERAL_ERROR &&
          (error.code === "STORE_UNAVAILABLE" || error.code === "STORE_BUSY");
        const isSoft = AuthError.isErrorFromAuth(error) && error.errType === AuthError.RETRY;
        if (!isOutage && !isSoft) throw error;
        if (isOutage) outages += 1;
        await pause(20 + random() * 30);
      }
    }
  }

  async function refresh(client: Client): Promise<void> {
    const presented = client.token;
    const { newRefreshToken } = await insist(client.random, (server) => server.refreshSession(presented));
    if (newRefreshToken.value !== presented) client.token = newRefreshToken.value;
    answered.refreshes += 1;
    const now = performance.now();
    longestGap = Math.max(longestGap, now - lastAnswer);
    lastAnswer = now;
  }

  async function signIn(userId: string, random: () => number): Promise<Client> {
    let attempts = 0;
    const { session, refreshToken } = await insist(random, (server) => {
      attempts += 1;
      return server.createNewSession(userId, {}, { n: 0 });
    });
    // One whose answer got lost may have left a session, whose tokens nobody has.
    const others = { except: session.handle };
    if (attempts > 1) await insist(random, (server) => server.revokeAllSessionsForUser(userId, others));
    answered.signIns += 1;
    return { userId, random, handle: session.handle, token: refreshToken.value, written: 0, revoked: false };
  }

  const gone: Client[] = [];
  const live: Client[] = [];

  async function liveAs(index: number): Promise<void> {
    const random = randomNumbers(index);
    let client = await signIn(`user ${index}`, random);
    for (let turn = 1; !stop.signal.aborted; turn += 1) {
      const tabs = TABS[index % TABS.length] ?? 1;
      await Promise.all(Array.from({ length: tabs }, () => refresh(client)));
      if (turn % 5 === 0) {
        const { handle } = client;
        const next = client.written + 1;
        // May run twice when an answer is lost; it never goes back.
        await insist(random, (server) => server.updateSessionData(handle, ({ n }) => ({ n: Math.max(n, next) })));
        client.written = next;
        answered.writes += 1;
      }
      // Not all clients at once, so that some of it falls before and some after whatever happens.
      if ((turn + index) % SESSION_TURNS === 0) {
        const { handle } = client;
        await insist(random, (server) => server.revokeSessionUsingSessionHandle(handle));
        client.revoked = true;
        answered.revocations += 1;
        gone.push(client);
        client = await signIn(`user ${index}`, random);
      }
      await pause(random() * 120);
    }
    live.push(client);
  }

  const clients = Array.from({ length: CLIENTS }, async (_, index) => {
    try {
      await liveAs(index);
    } catch (error) {
      refusals.push(AuthError.isErrorFromAuth(error) ? `${error.code}: ${error.message}` : String(error));
    }
  });

  return {
    refreshes: () => answered.refreshes,

    async until(refreshes) {
      const goal = answered.refreshes + bound(refreshes, 20 * refreshes);
      const { confirmations } = answered;
      const begun = performance.now();
      while (answered.refreshes < goal || answered.confirmations === confirmations) {
        if (performance.now() - Math.max(begun, lastAnswer) > 60_000)
          throw new Error(
            `${answered.refreshes} of ${goal} refreshes, and no more in a minute; ${outages} outages; ${refusals.join("; ")}`,
          );
        await pause(10);
      }
    },

    async stop() {
      stop.abort();
      await Promise.all(clients);
      const lost: string[] = [];
      for (const client of live) {
        const { userId, random, handle, token, written } = client;
        const handles = await insist(random, (server) => server.getAllSessionHandlesForUser(userId));
        if (handles.length !== 1 || handles[0] !== handle) lost.push(`${userId} has ${handles.length} sessions`);
        const data = await insist(random, (server) => server.getSessionData(handle)).catch(() => ({ n: -1 }));
        if (data.n < written) lost.push(`${userId} wrote ${written} and finds ${data.n}`);
        await insist(random, (server) => server.refreshSession(token)).catch((error: unknown) =>
          lost.push(`${userId}: ${String(error)}`),
        );
      }
      for (const { userId, random, token } of gone) {
        const outcome = await insist(random, (server) => server.refreshSession(token)).then(
          () => "ok",
          (error: unknown) => (AuthError.isErrorFromAuth(error) ? error.code : String(error)),
        );
        if (outcome !== "SESSION_NOT_FOUND") lost.push(`the revocation of a session of ${userId}: ${outcome}`);
      }
      await Promise.all(servers.map((server) => server.close()));
      const doubleConfirmations = [...confirmed].flatMap(([name, count]) => (count > 1 ? [name] : []));
      return { alarms, refusals, doubleConfirmations, lost, answered, outages, longestGap };
    },
  };
}

/** What a tally must look like whatever happened to the nodes. */
export const UNHARMED = { alarms: [], refusals: [], doubleConfirmations: [], lost: [] } as const;

export function describeTally({ answered, outages, longestGap }: Tally): string {
  const { signIns, refreshes, confirmations, writes, revocations } = answered;
  return `${refreshes} refreshes (${confirmations} confirmations), ${signIns} sign-ins, ${writes} writes, ${revocations} revocations answered; ${outages} calls repeated; longest gap ${Math.round(longestGap)} ms (seed ${SEED})`;
}
