import type { RaceCondition } from "../../test/browser/tab-race.ts";

export const SCENARIO_NAMES = ["few", "idle", "jank", "throttled"] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** What all tabs do, and under which condition. */
export interface Scenario {
  readonly title: string;
  /** Of each tab, in each round. */
  readonly calls: number;
  readonly condition: RaceCondition;
}

export const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  few: { title: "3 calls a tab, idle", calls: 3, condition: "idle" },
  idle: { title: "10 calls a tab, idle", calls: 10, condition: "idle" },
  jank: { title: "10 calls a tab, scripts busy for 60 ms of every 100", calls: 10, condition: "jank" },
  throttled: { title: "10 calls a tab, CPU throttled 4 x", calls: 10, condition: "throttled" },
};
