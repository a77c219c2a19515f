/**
 * The real library on a real SQLite database as the server of a simulation. One serves any number
 * of runs, each with a session of its own.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createSessions, Error as AuthError, type CounterfoilConfig, type SessionError } from "counterfoil";
import { sqlite, type SessionStore } from "counterfoil/sqlite";
import type { Outcome, Server } from "./network.ts";

export interface Library extends Server {
  /** W in ms. */
  readonly window: number;
  /** Begins a run: its time 0 is after everything that was. */
  beginRun(): void;
  /** Whether the session has a row. */
  exists(handle: string): Promise<boolean>;
  /** How many refreshes it was asked for. */
  refreshes(): number;
  close(): Promise<void>;
}

export interface LibraryOptions {
  /** W in whole ms. Default 10 s, the library's. */
  readonly window?: number;
  readonly onReuse?: "revoke" | "report";
  /** Database file. Default: in memory. */
  readonly path?: string;
  /**
   * One instance for each, as if each were a process of its own: how far its clock is ahead, in ms.
   * Default: one that is right.
   */
  readonly clocks?: readonly number[];
  /**
   * Whether the database tells what time it is, which is right, and rotation goes by it. Default
   * false.
   */
  readonly storeClock?: boolean;
  /** Puts a fault in front of the store. */
  readonly spoil?: (store: SessionStore) => SessionStore;
}

/** One call of refreshSession; whatever the library emits on the way belongs to it. */
interface Call {
  readonly decided: (outcome: Outcome) => void;
  /** There must be one in the end. */
  readonly outcomes: Outcome[];
}

export function openLibrary(options: LibraryOptions = {}): Library {
  const { window = 10_000, onReuse = "revoke", path = ":memory:", clocks = [0], spoil = (store) => store } = options;
  const { storeClock = false } = options;
  // The times of a run are added to a whole number, so that their fractions stay as they are.
  let base = 86_400_000;
  let now = base;
  let user = 0;
  let calls = 0;
  let refreshes = 0;
  const current = new AsyncLocalStorage<Call>();

  const config: CounterfoilConfig = {
    secret: "a secret for tests, and only for tests",
    rotation: { window: `${window}ms`, onReuse, clock: storeClock ? "store" : "process" },
    // Longer than any run; expiry is not the subject.
    session: { idleTimeout: "400d", absoluteTimeout: "3650d" },
  };
  const instances = clocks.map((ahead) => {
    const inner = sqlite({ path, synchronous: "normal" });
    const store = spoil(storeClock ? tellingTime(inner, () => Math.floor(now)) : inner);
    const sessions = createSessions<{ n: number }, { n: number }>({ ...config, store, clock: () => now + ahead });
    sessions.on("session-refreshed", ({ outcome }) => note(outcome));
    sessions.on("reuse-detected", ({ revoked }) => note(revoked ? "reuse" : "reported"));
    sessions.on("store-behind", () => note("ahead"));
    return sessions;
  });
  const first = instances[0];
  if (first === undefined) throw new Error("at least one clock");
  const next = (): typeof first => instances[calls++ % instances.length] ?? first;

  function note(outcome: Outcome): void {
    const call = current.getStore();
    // A reuse that is reported is renewed as well.
    if (outcome === "renew" && call?.outcomes.includes("reported") === true) return;
    call?.outcomes.push(outcome);
    call?.decided(outcome);
  }

  async function refresh(token: string): Promise<{ outcome: Outcome; carried: string | undefined }> {
    const sessions = next();
    try {
      const { newRefreshToken, newAccessToken, session } = await sessions.refreshSession(token);
      const verified = await sessions.getSession(newAccessToken.value);
      if (verified.session.handle !== session.handle) throw new Error("the access token is of another session");
      const rotated = newRefreshToken.value !== token;
      return { outcome: rotated ? "mint" : "renew", carried: rotated ? newRefreshToken.value : undefined };
    } catch (error) {
      const outcome = AuthError.isErrorFromAuth(error) ? outcomeOf(error) : undefined;
      if (outcome === undefined) throw error;
      // Of these two no event tells.
      if (outcome === "retry" || outcome === "gone") note(outcome);
      return { outcome, carried: undefined };
    }
  }

  return {
    window,
    refreshes: () => refreshes,
    setTime(ms) {
      now = Math.max(now, base + ms);
    },
    beginRun() {
      base = Math.ceil(now) + 1;
      calls = 0;
    },
    async signIn() {
      user += 1;
      const { session, refreshToken } = await next().createNewSession(user, { n: 0 }, { n: 0 });
      return { handle: session.handle, token: refreshToken.value };
    },
    async refresh(token, decided) {
      refreshes += 1;
      const call: Call = { decided, outcomes: [] };
      const { outcome, carried } = await current.run(call, () => refresh(token));
      const [told, ...more] = call.outcomes;
      const seen = told === "confirm" ? "mint" : told === "reported" ? "renew" : told;
      if (more.length > 0 || seen !== outcome)
        throw new Error(`the events tell of "${call.outcomes.join()}", the caller of "${outcome}"`);
      return carried;
    },
    async revoke(handle) {
      await next().revokeSessionUsingSessionHandle(handle);
    },
    async update(handle, n) {
      const sessions = next();
      try {
        await sessions.updateSessionData(handle, (old) => ({ n: Math.max(old.n, n) }));
        await sessions.updateJwtPayload(handle, { n });
      } catch (error) {
        if (!AuthError.isErrorFromAuth(error) || error.code !== "SESSION_NOT_FOUND") throw error;
      }
    },
    async exists(handle) {
      if ((await first.getAllSessionHandlesForUser(user)).includes(handle)) return true;
      return first.getSessionData(handle).then(
        () => true,
        () => false,
      );
    },
    async close() {
      for (const sessions of instances) await sessions.close();
    },
  };
}

/** A store with a clock of its own, as databases that serve several machines are. */
function tellingTime(store: SessionStore, clock: () => number): SessionStore {
  return {
    ...store,
    async findSession(handle) {
      const row = await store.findSession(handle);
      return row === undefined ? undefined : { ...row, storeTime: clock() };
    },
  };
}

function outcomeOf({ code }: SessionError): Outcome | undefined {
  switch (code) {
    case "REFRESH_TOKEN_SUPERSEDED":
      return "retry";
    case "TOKEN_THEFT_DETECTED":
      return "reuse";
    case "STORE_BEHIND":
      return "ahead";
    case "SESSION_NOT_FOUND":
      return "gone";
    default:
      return undefined;
  }
}
