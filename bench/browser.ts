/** What an expired access token costs many tabs, against another client: `npm run bench -- browser`. Never fails for a figure. */
import { createChromiumUnderTest } from "../test/browser/browser-under-test.ts";
import { launchBrowser } from "../test/browser/chromium.ts";
import { openContenders } from "./browser-contenders.ts";
import { readOptions, SCENARIOS } from "./browser-options.ts";
import { printAlarms, printScenario, printSizes, printTarget } from "./browser-report.ts";
import { measureScenario } from "./browser-rounds.ts";
import { describeLoad, describeMachine, isBusy } from "./machine.ts";

export async function runBrowser(args: readonly string[]): Promise<void> {
  const { scenarios, rounds, tabs } = readOptions(args);
  const wasBusy = isBusy();
  console.log(describeMachine());
  const browser = createChromiumUnderTest(await launchBrowser());
  try {
    const contenders = await openContenders(browser, tabs);
    printSizes(contenders);
    console.log(`\n${tabs} tabs, ${rounds} expiries each, client by client in turns; the server counts the refreshes`);
    for (const scenario of scenarios) {
      const measured = await measureScenario(contenders, scenario, rounds);
      printScenario(scenario, measured);
      console.log(`  load ${describeLoad()}`);
      if (scenario === SCENARIOS.few && tabs === 10) printTarget(measured[0]?.rounds ?? []);
    }
    printAlarms(contenders);
    for (const contender of contenders) await contender.close();
  } finally {
    await browser.close();
  }
  // Ten tabs keep more than two cores busy by themselves, so only the load before tells of others.
  if (wasBusy) console.log("\nOthers used this machine: run this again on a quiet one before you judge.");
}
