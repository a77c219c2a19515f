import { CLOCK_SKEW } from "../clock.ts";
import { userKeyOf } from "../user-key.ts";
import type { LogEntry } from "./log-store.ts";

/** What is known of a token's session from its signature. */
export interface JudgedToken {
  readonly handle: string;
  readonly userId: string | number;
  readonly claimsVersion: number;
  /** ms since the epoch */
  readonly expires: number;
  /** From its making to `expires`, in ms. */
  readonly lifetime: number;
  /** Who acts for the user; undefined: the user. */
  readonly actor?: { readonly userId: string | number; readonly handle: string } | undefined;
  /** Epochs until then did not end the row, by the clock of the store. Default: none. */
  sparedAt: number | undefined;
}

/** `ask`: the row decides, or knows newer claims. */
export type LogVerdict = "live" | "ended" | "ask";

interface Epoch {
  readonly at: number;
  readonly except: string | null;
  readonly until: number;
}

/**
 * The log of revocations in memory: a set of ended sessions and some maps, which forget what no
 * access token can be concerned by any more.
 */
export class RevokedSessions {
  readonly #ended = new Map<string, number>();
  readonly #claims = new Map<string, { readonly version: number; readonly until: number }>();
  readonly #users = new Map<string, readonly Epoch[]>();
  #all: Epoch = NEVER;

  get size(): number {
    return this.#ended.size + this.#claims.size + this.#users.size;
  }

  /** @returns whether the entry says something new */
  add(entry: LogEntry): boolean {
    switch (entry.kind) {
      case "ended":
        if (this.#ended.has(entry.handle)) return false;
        this.#ended.set(entry.handle, entry.until);
        this.#claims.delete(entry.handle);
        return true;
      case "claims": {
        if (this.#ended.has(entry.handle)) return false;
        const known = this.#claims.get(entry.handle);
        if (known !== undefined && known.version >= entry.claimsVersion) return false;
        // Deleted first, so that the map stays in the order of time.
        this.#claims.delete(entry.handle);
        this.#claims.set(entry.handle, { version: entry.claimsVersion, until: entry.until });
        return true;
      }
      case "user": {
        const { userKey, at, except, until } = entry;
        const known = this.#users.get(userKey) ?? [];
        if (known.some((one) => one.except === except && one.at >= at)) return false;
        const others = known.filter((one) => one.except !== except);
        const epochs = [...others, { at, except, until }].sort((a, b) => a.at - b.at);
        this.#users.delete(userKey);
        // Two that spare different sessions spare nobody of before, so older ones say nothing more.
        this.#users.set(userKey, epochs.slice(-2));
        return true;
      }
      case "all":
        if (this.#all.at >= entry.at) return false;
        this.#all = { at: entry.at, except: null, until: entry.until };
        return true;
    }
  }

  judge(token: JudgedToken): LogVerdict {
    const { handle, actor, userId, sparedAt = Number.NEGATIVE_INFINITY } = token;
    const issuedAt = token.expires - token.lifetime;
    if (this.#ended.has(handle) || (actor !== undefined && this.#ended.has(actor.handle))) return "ended";
    let verdict = judgeEpoch(this.#all, handle, issuedAt, sparedAt);
    if (this.#users.size > 0) {
      verdict = worse(verdict, this.#judgeUser(userId, handle, issuedAt, sparedAt));
      if (actor !== undefined)
        verdict = worse(verdict, this.#judgeUser(actor.userId, actor.handle, issuedAt, sparedAt));
    }
    if (verdict !== "live") return verdict;
    const claims = this.#claims.get(handle);
    return claims !== undefined && claims.version > token.claimsVersion ? "ask" : "live";
  }

  #judgeUser(userId: string | number, handle: string, issuedAt: number, sparedAt: number): LogVerdict {
    let verdict: LogVerdict = "live";
    for (const epoch of this.#users.get(userKeyOf(userId)) ?? [])
      verdict = worse(verdict, judgeEpoch(epoch, handle, issuedAt, sparedAt));
    return verdict;
  }

  /** Forgets what does not count any more at the store's time `now`. */
  forget(now: number): void {
    // Entries come in the order of time. One that lives longer delays the others a little.
    for (const [handle, until] of this.#ended) {
      if (until > now) break;
      this.#ended.delete(handle);
    }
    for (const [handle, { until }] of this.#claims) {
      if (until > now) break;
      this.#claims.delete(handle);
    }
    for (const [userKey, epochs] of this.#users) {
      if (epochs.some(({ until }) => until > now)) break;
      this.#users.delete(userKey);
    }
    if (this.#all.until <= now) this.#all = NEVER;
  }
}

const NEVER: Epoch = { at: Number.NEGATIVE_INFINITY, except: null, until: Number.NEGATIVE_INFINITY };

/**
 * The clocks of the process that signed and of the store may differ, so near the epoch the row
 * decides.
 */
function judgeEpoch({ at, except }: Epoch, handle: string, issuedAt: number, sparedAt: number): LogVerdict {
  if (issuedAt > at + CLOCK_SKEW || except === handle || sparedAt >= at) return "live";
  return issuedAt < at - CLOCK_SKEW ? "ended" : "ask";
}

const RANK: Readonly<Record<LogVerdict, number>> = { live: 0, ask: 1, ended: 2 };
const worse = (a: LogVerdict, b: LogVerdict): LogVerdict => (RANK[a] >= RANK[b] ? a : b);
