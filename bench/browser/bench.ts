/** What an expired access token costs many tabs, against another client. */
import { measureSizes } from "../../scripts/size.ts";
import { createChromiumUnderTest } from "../../test/browser/browser-under-test.ts";
import { launchBrowser } from "../../test/browser/chromium.ts";
import { defineBench } from "../command/bench.ts";
import { count, someOf } from "../command/option.ts";
import { describeLoad } from "../machine.ts";
import { note } from "../note.ts";
import { openContenders } from "./contenders.ts";
import { measureScenario } from "./rounds.ts";
import { SCENARIO_NAMES, SCENARIOS } from "./scenarios.ts";
import { toScenarioTable, toSizeTable } from "./tables.ts";

export const bench = defineBench({
  measures: "what an expired access token costs many tabs, against another client",
  options: {
    scenario: { ...someOf(SCENARIO_NAMES), fallback: "few,idle", quick: "few" },
    "browser-rounds": count(25, 1),
    tabs: count(10),
  },
  async run({ scenario: names, "browser-rounds": rounds, tabs }) {
    const browser = createChromiumUnderTest(await launchBrowser());
    try {
      const contenders = await openContenders(browser, tabs);
      const tables = [toSizeTable(contenders, await measureSizes())];
      for (const name of names) {
        note(`browser: ${SCENARIOS[name].title} (load ${describeLoad()})`);
        tables.push(toScenarioTable(name, tabs, await measureScenario(contenders, SCENARIOS[name], rounds)));
      }
      for (const contender of contenders) await contender.close();
      return tables;
    } finally {
      await browser.close();
    }
  },
});
