/** What a run must show. Each verdict is null, or what is wrong. */
import type { Entry, Outcome, Party, Run } from "./network.ts";

const YIELDING: readonly Outcome[] = ["mint", "confirm", "renew"];
const KEEPING: readonly Outcome[] = [...YIELDING, "retry", "reported"];
/**
 * From any quiet moment the alarm rings within so many rounds, whatever the thief presents: the
 * model check in test/model finds the number.
 */
export const MOST_ROUNDS = 6;

/**
 * P1: whatever the network does, one client alone is never accused, never ahead of the store, never
 * locked out.
 */
export function judgeHonest({ log }: Run): string | null {
  let quiet = false;
  for (const entry of log) {
    if (entry.kind === "quiet") quiet = true;
    if (entry.kind !== "refresh" || YIELDING.includes(entry.outcome)) continue;
    if (entry.outcome !== "retry") return `an honest client got "${entry.outcome}"`;
    if (quiet) return `all is quiet, and the jar gets "${entry.outcome}"`;
  }
  return null;
}

/**
 * P2: the first confirmation, after the theft, of a token that only one party holds outruns the
 * other one. That one gets no token again, and what it presents more than W later ends the session.
 */
export function judgeContained({ log }: Run, window: number): string | null {
  let stolen = false;
  let outrun: { readonly party: Party; readonly at: number } | undefined;
  for (const entry of log) {
    if (entry.kind === "theft") stolen = true;
    if (entry.kind !== "refresh") continue;
    const { party, outcome, token, at } = entry;
    if (outcome === "ahead") return "a token is ahead of a store that lost nothing";
    if (outrun?.party === party) {
      if (YIELDING.includes(outcome)) return `the ${party} was outrun and still got "${outcome}"`;
      // The library counts whole ms.
      const since = Math.floor(at) - Math.floor(outrun.at);
      if (since > window && outcome !== "reuse" && outcome !== "gone")
        return `the ${party} was outrun, and ${since} ms later it got "${outcome}" instead of the alarm`;
    }
    if (stolen && outrun === undefined && outcome === "confirm" && token.holders.size === 1)
      outrun = { party: party === "victim" ? "thief" : "victim", at };
  }
  return judgeEnded(log);
}

/** P2: nobody walks beside the other for long. For runs with an ending. */
export function judgeAlarm({ log, rounds }: Run): string | null {
  if (rounds >= MOST_ROUNDS) return `after ${rounds} rounds beside each other there was no alarm`;
  return log.some((entry) => entry.kind === "refresh" && entry.outcome === "reuse") ? null : "no alarm rang at all";
}

/**
 * With W = 0: no token is used twice with success, and a client that is outrun raises the alarm at
 * once.
 */
export function judgeSingleUse(run: Run): string | null {
  const used = new Set<string>();
  for (const entry of run.log) {
    if (entry.kind !== "refresh" || !YIELDING.includes(entry.outcome)) continue;
    if (used.has(entry.token.value))
      return `${entry.token.name} was used twice, the second time for "${entry.outcome}"`;
    used.add(entry.token.value);
  }
  // Sooner than never: no time at all must pass.
  return judgeContained(run, -1);
}

/** Where reuse is only reported: nobody is refused for good. */
export function judgeReported({ log }: Run): string | null {
  for (const entry of log)
    if (entry.kind === "refresh" && !entry.late && !KEEPING.includes(entry.outcome))
      return `the ${entry.party} was thrown out by "${entry.outcome}"`;
  return judgeEnded(log);
}

/** P3: what begins after the end yields nothing. */
export function judgeEnded(log: readonly Entry[]): string | null {
  for (const entry of log)
    if (entry.kind === "refresh" && entry.late && entry.outcome !== "gone")
      return `the session had ended, and the ${entry.party} got "${entry.outcome}"`;
  return null;
}

const MARKS = { theft: "the thief copies the jar", revoked: "the session is revoked", quiet: "all is quiet" };

/** A run in words, for the reader of the failure. */
export function tell({ log }: Run): string {
  return log
    .map((entry) => {
      const time = `t=${(entry.at / 1000).toFixed(4)}s`;
      if (entry.kind !== "refresh") return `${time} ${MARKS[entry.kind]}`;
      const { party, token, outcome } = entry;
      return `${time} the server gets ${token.name} of the ${party}: ${outcome}`;
    })
    .join("\n");
}
