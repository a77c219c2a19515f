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
  /**
   * The number of epochs that were known when its row was read and found alive. Default: 0. It is
   * no time, because an epoch becomes visible later than its time.
   */
  sparedEpochs: number | undefined;
}

/** `ask`: the row decides, or knows newer claims. */
export type LogVerdict = "live" | "ended" | "ask";

interface Epoch {
  readonly at: number;
  /** The entries of this ms. */
  readonly ids: readonly string[];
  readonly except: string | null;
  readonly until: number;
  /** How many epochs were known with this one. */
  readonly count: number;
}

/** How often all entries are looked through, in ms by the clock of the store. */
const FORGET_EVERY = 60_000;

/**
 * The log of revocations in memory: a set of ended sessions and some maps, which forget what no
 * access token can be concerned by any more.
 */
export class RevokedSessions {
  readonly #ended = new Map<string, number>();
  readonly #claims = new Map<string, { readonly version: number; readonly until: number }>();
  readonly #users = new Map<string, readonly Epoch[]>();
  #all: Epoch = NEVER;
  #epochs = 0;
  #forgotAt = Number.NEGATIVE_INFINITY;

  get size(): number {
    return this.#ended.size + this.#claims.size + this.#users.size;
  }

  /** How many epochs have been added. A row that is read after that has survived all of them. */
  get epochs(): number {
    return this.#epochs;
  }

  /** @returns whether the entry says something new */
  add(entry: LogEntry): boolean {
    switch (entry.kind) {
      case "ended": {
        const known = this.#ended.get(entry.handle);
        // Written again: its first time may have been long before the session ended.
        if (known === undefined || known < entry.until) this.#ended.set(entry.handle, entry.until);
        this.#claims.delete(entry.handle);
        return known === undefined;
      }
      case "claims": {
        if (this.#ended.has(entry.handle)) return false;
        const known = this.#claims.get(entry.handle);
        if (known !== undefined && known.version >= entry.claimsVersion) return false;
        this.#claims.set(entry.handle, { version: entry.claimsVersion, until: entry.until });
        return true;
      }
      case "user": {
        const { userKey, at, except, until } = entry;
        const known = this.#users.get(userKey) ?? [];
        const same = known.find((one) => one.except === except);
        if (same !== undefined && !isNewer(entry, same)) return false;
        const others = known.filter((one) => one.except !== except);
        const count = (this.#epochs += 1);
        // It stands for the earlier ones, too, which another process may keep longer.
        const kept = Math.max(until, ...known.map((one) => one.until));
        const epoch = { at, ids: idsOf(entry, same), except, until: kept, count };
        const epochs = [...others, epoch].sort((a, b) => a.at - b.at);
        // Two that spare different sessions spare nobody of before, so older ones say nothing more.
        this.#users.set(userKey, epochs.slice(-2));
        return true;
      }
      case "all":
        if (!isNewer(entry, this.#all)) return false;
        this.#all = {
          at: entry.at,
          ids: idsOf(entry, this.#all),
          except: null,
          until: Math.max(entry.until, this.#all.until),
          count: (this.#epochs += 1),
        };
        return true;
    }
  }

  judge(token: JudgedToken): LogVerdict {
    const { handle, actor, userId, sparedEpochs = 0 } = token;
    const issuedAt = token.expires - token.lifetime;
    if (this.#ended.has(handle) || (actor !== undefined && this.#ended.has(actor.handle))) return "ended";
    let verdict = this.#judgeAll(issuedAt, sparedEpochs);
    if (this.#users.size > 0) {
      verdict = worse(verdict, this.#judgeUser(userId, handle, issuedAt, sparedEpochs));
      if (actor !== undefined)
        verdict = worse(verdict, this.#judgeUser(actor.userId, actor.handle, issuedAt, sparedEpochs));
    }
    if (verdict !== "live") return verdict;
    const claims = this.#claims.get(handle);
    return claims !== undefined && claims.version > token.claimsVersion ? "ask" : "live";
  }

  /** New keys sign every token after this epoch, so a wrong clock of a signer revives none. */
  #judgeAll(issuedAt: number, sparedEpochs: number): LogVerdict {
    return issuedAt > this.#all.at + CLOCK_SKEW ? "live" : judgeEpoch(this.#all, issuedAt, sparedEpochs);
  }

  #judgeUser(userId: string | number, handle: string, issuedAt: number, sparedEpochs: number): LogVerdict {
    let verdict: LogVerdict = "live";
    for (const epoch of this.#users.get(userKeyOf(userId)) ?? [])
      if (epoch.except !== handle) verdict = worse(verdict, judgeEpoch(epoch, issuedAt, sparedEpochs));
    return verdict;
  }

  /** Forgets what does not count any more at the time `now`, at most once a minute. */
  forget(now: number): void {
    if (Math.abs(now - this.#forgotAt) < FORGET_EVERY) return;
    this.#forgotAt = now;
    for (const [handle, until] of this.#ended) if (until <= now) this.#ended.delete(handle);
    for (const [handle, { until }] of this.#claims) if (until <= now) this.#claims.delete(handle);
    for (const [userKey, epochs] of this.#users)
      if (epochs.every(({ until }) => until <= now)) this.#users.delete(userKey);
    if (this.#all.until <= now) this.#all = NEVER;
  }
}

const NEVER: Epoch = {
  at: Number.NEGATIVE_INFINITY,
  ids: [],
  except: null,
  until: Number.NEGATIVE_INFINITY,
  count: 0,
};

type EpochEntry = Pick<Extract<LogEntry, { kind: "all" }>, "at" | "id">;

/** A session may begin and end between two epochs of one ms. */
const isNewer = ({ at, id }: EpochEntry, known: Epoch): boolean =>
  at > known.at || (at === known.at && !known.ids.includes(id));

const idsOf = ({ at, id }: EpochEntry, known: Epoch | undefined): readonly string[] =>
  known?.at === at ? [...known.ids, id] : [id];

/**
 * The clock of the process that signed may be wrong, so the row decides, unless the token is older
 * than the epoch for certain.
 */
function judgeEpoch({ at, count }: Epoch, issuedAt: number, sparedEpochs: number): LogVerdict {
  if (count <= sparedEpochs) return "live";
  return issuedAt < at - CLOCK_SKEW ? "ended" : "ask";
}

const RANK: Readonly<Record<LogVerdict, number>> = { live: 0, ask: 1, ended: 2 };
const worse = (a: LogVerdict, b: LogVerdict): LogVerdict => (RANK[a] >= RANK[b] ? a : b);
