import { parseArgs } from "node:util";
import type { RaceCondition } from "../test/browser/tab-race.ts";

/** What all tabs do, and under which condition. */
export interface Scenario {
  readonly title: string;
  /** Of each tab, in each round. */
  readonly calls: number;
  readonly condition: RaceCondition;
}

export const SCENARIOS = {
  few: { title: "3 calls a tab, idle", calls: 3, condition: "idle" },
  idle: { title: "10 calls a tab, idle", calls: 10, condition: "idle" },
  jank: { title: "10 calls a tab, scripts busy for 60 ms of every 100", calls: 10, condition: "jank" },
  throttled: { title: "10 calls a tab, CPU throttled 4 x", calls: 10, condition: "throttled" },
} as const satisfies Readonly<Record<string, Scenario>>;

export interface BrowserOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly tabs: number;
}

const NAMES = Object.keys(SCENARIOS);
const USAGE = `npm run bench -- browser [--scenario ${NAMES.join(",")}] [--rounds 50] [--tabs 10]`;

/** @throws with the usage, for whatever it does not understand */
export function readOptions(args: readonly string[]): BrowserOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: "string", default: NAMES.join(",") },
      rounds: { type: "string", default: "50" },
      tabs: { type: "string", default: "10" },
    },
  });
  const [rounds, tabs] = [Number(values.rounds), Number(values.tabs)];
  const names = values.scenario.split(",");
  if (!names.every(isScenario) || !isCount(rounds) || !isCount(tabs)) throw new Error(USAGE);
  return { scenarios: names.map((name) => SCENARIOS[name]), rounds, tabs };
}

const isScenario = (name: string): name is keyof typeof SCENARIOS => Object.hasOwn(SCENARIOS, name);
const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
