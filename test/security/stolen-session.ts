/**
 * A session whose refresh token was copied once, over `decideRotation`: the victim and the thief
 * both keep refreshing.
 */
import {
  decideRotation,
  type PresentedToken,
  type RotationPolicy,
  type RotationState,
} from "../../src/lib/session/rotation.ts";

export interface Theft {
  /** How long an access token is good, in ms: the victim refreshes when it has expired. */
  readonly life: number;
  readonly policy: RotationPolicy;
  /** Refreshes of the victim before the theft. */
  readonly before: number;
  /** When the copy is made, in ms after the last of them. */
  readonly copiedAfter: number;
  /** When the thief refreshes next, in ms; told when the victim will. */
  readonly wait: (now: number, victimAt: number) => number;
  /** Which of its tokens the thief presents, from 0 for the stolen one. */
  readonly choose: (held: number) => number;
}

export interface End {
  /** How it ended, or that it did not while it was looked at. */
  readonly by: "reuse" | "ahead" | "nothing";
  /** From the copy to the last time that the thief was served, in access-token lives. */
  readonly lives: number;
  /** How often the victim was served in that time. */
  readonly refreshes: number;
}

/** For how many access-token lives after the copy the two are looked at. */
const LOOK = 5;
/** A client that is told to retry does so after a moment. */
const RETRY = 1000;
/** The thief comes no more often than this, in ms, which is far more often than pays. */
const PACE = 500;

export function steal({ life, policy, before, copiedAfter, wait, choose }: Theft): End {
  let names = 0;
  const child = (of: PresentedToken | undefined): PresentedToken => ({
    generation: (of?.generation ?? 0) + 1,
    doubleHash: `token ${(names += 1)}`,
    parentDoubleHash: of?.doubleHash ?? "",
  });
  let jar = child(undefined);
  let row: RotationState = {
    generation: jar.generation,
    currentHash: jar.doubleHash,
    parentHash: null,
    childMintedAt: null,
    childSeenAt: null,
    confirmedAt: null,
  };
  /**
   * What a refresh answers: a token to keep, undefined for none, or the word that ends or delays
   * it.
   */
  const refresh = (token: PresentedToken, now: number): PresentedToken | "retry" | "reuse" | "ahead" => {
    const decision = decideRotation(token, row, now, policy);
    if (!("next" in decision)) return decision.outcome;
    row = decision.next;
    return decision.outcome === "renew" ? token : child(token);
  };

  let now = 0;
  for (let turn = 0; turn < before; turn += 1) {
    now += life;
    const answer = refresh(jar, now);
    if (typeof answer === "string") return { by: answer === "ahead" ? "ahead" : "nothing", lives: 0, refreshes: 0 };
    jar = answer;
  }
  const loot = [jar];
  const copiedAt = now + copiedAfter;
  let victimAt = now + life;
  let thiefAt = copiedAt + wait(copiedAt, victimAt);
  let servedThief = copiedAt;
  let served = 0;
  let refreshes = 0;
  const endBy = (by: End["by"]): End => ({ by, lives: (servedThief - copiedAt) / life, refreshes });

  while (Math.min(victimAt, thiefAt) <= copiedAt + LOOK * life) {
    if (victimAt <= thiefAt) {
      const answer = refresh(jar, victimAt);
      if (answer === "reuse" || answer === "ahead") return endBy(answer);
      victimAt += answer === "retry" ? RETRY : life;
      if (answer === "retry") continue;
      jar = answer;
      served += 1;
    } else {
      const token = loot[choose(loot.length)] ?? jar;
      const answer = refresh(token, thiefAt);
      if (answer === "reuse" || answer === "ahead") return endBy(answer);
      if (answer !== "retry") {
        if (answer !== token) loot.push(answer);
        servedThief = thiefAt;
        refreshes = served;
      }
      thiefAt += Math.max(PACE, wait(thiefAt, victimAt));
    }
  }
  return endBy("nothing");
}
