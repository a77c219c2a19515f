import type { RaceRound } from "../../test/browser/tab-race.ts";
import type { ReadyContender } from "./contenders.ts";
import type { Scenario } from "./scenarios.ts";

export interface MeasuredRound extends RaceRound {
  /** How many refreshes came to the server, whatever came of them. */
  readonly refreshes: number;
}

export interface MeasuredContender {
  readonly contender: ReadyContender;
  readonly rounds: readonly MeasuredRound[];
}

/** Rounds of one contender in a row; what its tabs suffer is begun before, and ended after them. */
const BLOCK = 5;

/**
 * The contenders take turns, each time in the other order. In each round all access tokens have
 * expired, and no tab knows.
 */
export async function measureScenario(
  contenders: readonly ReadyContender[],
  scenario: Scenario,
  rounds: number,
): Promise<readonly MeasuredContender[]> {
  const measured = contenders.map((contender) => ({ contender, rounds: [] as MeasuredRound[] }));
  for (let done = 0, turn = 0; done < rounds; done += BLOCK, turn += 1) {
    const count = Math.min(BLOCK, rounds - done);
    for (const one of turn % 2 === 0 ? measured : measured.toReversed())
      one.rounds.push(...(await measureBlock(one.contender, scenario, count)));
  }
  return measured;
}

async function measureBlock(
  contender: ReadyContender,
  { calls, condition }: Scenario,
  count: number,
): Promise<readonly MeasuredRound[]> {
  const { server } = contender;
  const rounds: MeasuredRound[] = [];
  await contender.race().suffer(condition);
  for (let round = 0; round < count; round += 1) {
    server.takeCalls();
    server.expire();
    const answered = await contender.race().run(calls);
    const refreshes = server.takeCalls().filter((call) => /^POST \S*\/session\/refresh /.test(call)).length;
    rounds.push({ ...answered, refreshes });
    // A contender that has lost the session, or hangs, would fail in the rounds to come as well,
    // and say nothing new.
    if (answered.calls.some(({ status }) => status !== 200)) {
      await contender.restart();
      await contender.race().suffer(condition);
    }
  }
  await contender.race().recover(condition);
  return rounds;
}
