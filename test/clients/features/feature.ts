import type { GenerationId } from "../generations.ts";
import type { Stage } from "../stage.ts";

/** Something that the clients do, tried with each generation that has it. */
export interface Feature {
  /** As in the guide's table. */
  readonly title: string;
  /** Why a generation has it not, as in the guide's table. */
  readonly lacks?: Partial<Readonly<Record<GenerationId, string>>>;
  readonly run: (stage: Stage) => Promise<void>;
  /** Shows with each of those that it is so. */
  readonly without?: (stage: Stage) => Promise<void>;
}

export const REFRESH = "POST /auth/session/refresh";
/** One minute more than the access token lives. */
export const UNTIL_EXPIRED = 16 * 60_000;
/** What a call with an expired access token comes to: refused, refreshed, repeated. */
export const withRefresh = (call: string, expired = 401): readonly string[] => [
  `${call} ${expired}`,
  `${REFRESH} 200`,
  `${call} 200`,
];
