/** Processes that follow the feed, for the tests of it. */
import { type CounterfoilConfig, createSessions, type SessionEvents, type Sessions } from "counterfoil";
import { onTestFinished } from "vitest";
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { SECRET } from "../fixtures/constants.ts";
import { outcomeOf } from "../store/fixtures.ts";

export const REVOKED = "UNAUTHORISED/SESSION_NOT_FOUND";

type Told = SessionEvents["session-ended-elsewhere"];

export interface Follower {
  readonly sessions: Sessions;
  /** How a request with the token ends, in a word. */
  readonly ask: (token: { readonly value: string }) => Promise<string>;
  /** What other processes have ended, each as `handle`, `all of USER` or `everybody`. */
  readonly heard: readonly string[];
  /** Its clock goes on. */
  readonly advance: (ms: number) => void;
}

export interface Following {
  readonly feed?: NonNullable<NonNullable<CounterfoilConfig["tokens"]>["accessToken"]>["feed"];
  readonly config?: CounterfoilConfig;
}

/** An instance with `revocation: "feed"`, ready, which ends with the test. */
export async function follow(store: SessionStore, { feed = {}, config = {} }: Following = {}): Promise<Follower> {
  let ahead = 0;
  const sessions = createSessions({
    store,
    secret: SECRET,
    clock: () => Date.now() + ahead,
    tokens: { accessToken: { revocation: "feed", feed } },
    ...config,
  });
  onTestFinished(() => sessions.close());
  const heard: string[] = [];
  sessions.on("session-ended-elsewhere", (event) => void heard.push(...words(event)));
  await sessions.ready();
  return {
    sessions,
    ask: ({ value }) => outcomeOf(sessions.getSession(value)),
    heard,
    advance: (ms) => void (ahead += ms),
  };
}

function words({ handles, userId, except, everybody }: Told): string[] {
  if (everybody === true) return ["everybody"];
  if (userId === undefined) return [...handles];
  return [`all of ${JSON.stringify(userId)}${except === undefined ? "" : ` but ${except}`}`];
}
