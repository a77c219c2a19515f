import type { ErrorCode } from "../errors.ts";
import type { NoticeCode } from "../notices.ts";

/** What an instance has counted since it was made, and what it knows at this moment. */
export interface SessionStats {
  /** Looks into the cache of verified access tokens. */
  readonly verifiedTokens: { readonly hits: number; readonly misses: number };
  /** Refreshes that were refused softly: the client tries again. */
  readonly softRefusals: number;
  /** Refused requests and set-up errors, by the pairs of `request-refused`. */
  readonly refusals: readonly CountedRefusals[];
  /** How old the position of the feed is, in ms; undefined if there is no feed, or if unknown. */
  readonly feedLag: number | undefined;
}

/** How many requests were refused for one pair of reasons. */
export interface CountedRefusals {
  readonly code: ErrorCode | null;
  readonly notice: NoticeCode | null;
  readonly count: number;
}
