import type { Awaitable } from "../awaitable.ts";
import { generalError, type SessionError } from "../errors.ts";
import { withDeadline } from "../with-deadline.ts";
import type { Feed } from "../revocation/feed.ts";
import type { VerifiedAccessToken } from "../token/access-token.ts";
import type { Calls } from "./calls.ts";
import type { Clocks } from "./clocks.ts";
import { sessionEnd } from "./record.ts";
import type { FoundSession, SessionStore } from "./session-store.ts";

/**
 * Finds out whether the session of a valid access token has ended or has newer claims.
 */
export interface RevocationCheck {
  /** Answers at once if the store need not be asked. @throws SessionError `CLOCKS_DISAGREE` */
  readonly check: (token: VerifiedAccessToken, now: number) => Awaitable<Standing>;
}

/** The row if it was read, else whether the session lives. */
export type Standing = "live" | "ended" | FoundSession;

export interface RevocationParts {
  readonly mode: "off" | "feed" | "store";
  readonly onLag: "store" | "refuse";
  readonly feed: Feed | undefined;
  /** How long a request waits for the log, in ms. */
  readonly patience: number;
  /** The longest life of a token that the log is sure to cover, in ms. */
  readonly longest: number;
  readonly store: Pick<SessionStore, "findSession">;
  readonly calls: Pick<Calls, "run">;
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly hasEnded: Clocks["hasEnded"];
}

/**
 * `off` checks nothing. `store` reads the row for every request, so a revocation takes effect at
 * once. `feed` looks into the log of revocations, which is in memory; the row is read only where
 * the log cannot decide or is behind.
 */
export function createRevocationCheck(parts: RevocationParts): RevocationCheck | undefined {
  const { mode, onLag, feed, store, calls } = parts;

  async function findLive(handle: string, now: number): Promise<FoundSession | undefined> {
    const record = await store.findSession(handle);
    if (record === undefined) return undefined;
    return parts.hasEnded(sessionEnd(record, parts), record.storeTime, now) ? undefined : record;
  }

  const askRow = (token: VerifiedAccessToken, now: number): Promise<Standing> =>
    calls.run(async () => {
      const known = feed?.epochs();
      const record = await findLive(token.handle, now);
      if (record === undefined) return "ended";
      // A session with an actor ends with the actor's own.
      if (token.actor !== undefined && (await findLive(token.actor.handle, now)) === undefined) return "ended";
      // An epoch that was known before the rows were read, and did not end them, does not concern
      // them.
      token.sparedEpochs = known;
      return record;
    });

  function judge(log: Feed, token: VerifiedAccessToken, now: number): Awaitable<Standing> {
    // An earlier config signed it, and the entry of its session may be gone before it expires.
    if (token.lifetime > parts.longest) return askRow(token, now);
    const version = log.version();
    if (token.passedAt === version) return "live";
    const verdict = log.judge(token);
    if (verdict === "ask") return askRow(token, now);
    if (verdict === "live") token.passedAt = version;
    return verdict;
  }

  /** The log is behind. */
  async function judgeLate(log: Feed, token: VerifiedAccessToken, now: number): Promise<Standing> {
    const reading = log.readFor();
    // A process that has just started has much to read, so it asks for the row meanwhile.
    if (!log.hasRead() && onLag === "store") return askRow(token, now);
    // A database that hangs must not hold a request for the whole time that an operation may take.
    const isRead = await withDeadline(reading, performance.now() + parts.patience, behind).catch(() => false);
    if (isRead) return judge(log, token, now);
    if (onLag === "refuse") throw behind();
    return askRow(token, now);
  }

  if (mode === "store") return { check: askRow };
  if (mode === "off" || feed === undefined) return undefined;
  return { check: (token, now) => (feed.isFresh(now) ? judge(feed, token, now) : judgeLate(feed, token, now)) };
}

const behind = (): SessionError =>
  generalError(
    "STORE_UNAVAILABLE",
    "the log of revocations could not be read within tokens.accessToken.feed.bound, so it is not known whether the session still lives; sessions are untouched, try again shortly",
  );
