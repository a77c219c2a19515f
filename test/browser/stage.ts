import type { CounterfoilConfig } from "counterfoil";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import {
  BROWSER_NAMES,
  type BrowserName,
  type BrowserUnderTest,
  isSkippedIn,
  openUnderTest,
  type Profile,
} from "./browser-under-test.ts";
import { SessionServer } from "./session-server.ts";
import type { ChromiumOptions } from "./chromium.ts";
import type { Tab } from "./tab.ts";

let stages = 0;

/** What one test has: a browser, a site that it has never seen, and servers of its own. */
export class Stage implements AsyncDisposable {
  readonly browser: BrowserUnderTest;
  /** A registrable domain, so that neither cookies nor storage come from another test. */
  readonly site: string = `t${++stages}.localhost`;
  readonly #servers: SessionServer[] = [];
  readonly #open = new AsyncDisposableStack();
  #first: Promise<Profile> | undefined;

  constructor(browser: BrowserUnderTest) {
    this.browser = browser;
  }

  /**
   * A server of the test's own, for pages and API. A second one is another origin.
   *
   * @param site `this.site`, unless it is to be another site (`other-${stage.site}`) or a host of
   * the same (`api.${stage.site}`)
   */
  async serve(config: CounterfoilConfig = {}, site: string = this.site): Promise<SessionServer> {
    const server = new SessionServer(site, config);
    this.#servers.push(server);
    this.#open.defer(() => server.stop());
    return server.start();
  }

  /** A tab in the profile of the test. */
  async newTab(): Promise<Tab> {
    this.#first ??= this.newProfile();
    return (await this.#first).newTab();
  }

  /** Somebody else's browser. */
  async newProfile(): Promise<Profile> {
    const profile = await this.browser.newProfile();
    this.#open.defer(() => profile.close());
    return profile;
  }

  /**
   * Closes everything, and fails where a server took somebody for a thief without being asked to.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync();
    for (const server of this.#servers) expect(server.count("reuse-detected")).toBe(server.expectedAlarms);
  }
}

/**
 * The same tests in each browser of the run. One that is not installed is skipped loudly, and in CI
 * it fails.
 *
 * @param define gets what returns the stage of the running test
 * @param options `only`: the one browser whose protocol can stage it; `whole`: Chromium with what
 * its shell lacks
 * @example
 * ```ts
 * describeInBrowsers("a tab", (stage) => {
 *   test("calls", async () => {
 *     const server = await stage().serve();
 *     const tab = await stage().newTab();
 *     ...
 *   });
 * });
 * ```
 */
export function describeInBrowsers(
  title: string,
  define: (stage: () => Stage) => void,
  { only, ...options }: ChromiumOptions & { readonly only?: BrowserName | undefined } = {},
): void {
  for (const name of BROWSER_NAMES.filter((one) => only === undefined || one === only)) {
    describe.skipIf(isSkippedIn(name, title, options))(`${title}, in ${name}`, () => {
      let browser: BrowserUnderTest | undefined;
      let stage: Stage | undefined;
      beforeAll(async () => {
        browser = await openUnderTest(name, options);
      });
      afterAll(() => browser?.close());
      beforeEach(() => {
        stage = new Stage(browser!);
      });
      afterEach(() => stage?.[Symbol.asyncDispose]());
      define(() => stage!);
    });
  }
}

/**
 * In Chromium, and by `npm run proof` in each browser. For the tests of our own rules, which no
 * engine changes; those of
 * cookies, locks, history and streams, which engines do in ways of their own, are in both at each
 * landing.
 */
export const describeInAnyBrowser = (title: string, define: (stage: () => Stage) => void): void =>
  describeInBrowsers(title, define, { only: bound<BrowserName | undefined>("Chromium", undefined) });
