import type { CounterfoilConfig } from "counterfoil";
import type { BrowserUnderTest } from "../test/browser/browser-under-test.ts";
import { SessionServer } from "../test/browser/session-server.ts";
import { TabRace } from "../test/browser/tab-race.ts";
import { chromiumPage, type Tab } from "../test/browser/tab.ts";
import { bundlePage, type PageBundle } from "./browser-bundle.ts";

interface Contender {
  readonly name: string;
  /** In browser-pages. */
  readonly page: string;
  readonly config: CounterfoilConfig;
}

/** Each replaces the page's `fetch`, and has a server that speaks its dialect. */
const CONTENDERS: readonly Contender[] = [
  { name: "counterfoil/browser", page: "counterfoil.ts", config: {} },
  {
    name: "supertokens-website 20.1.6",
    page: "supertokens.ts",
    config: { http: { dialects: ["counterfoil", "supertokens"] } },
  },
];

/** Tabs of one profile where somebody has signed in, and their server. */
export interface ReadyContender {
  readonly name: string;
  readonly size: PageBundle["size"];
  readonly server: SessionServer;
  readonly race: TabRace;
  signIn(): Promise<void>;
  close(): Promise<void>;
}

export async function openContenders(browser: BrowserUnderTest, tabs: number): Promise<readonly ReadyContender[]> {
  return Promise.all(
    CONTENDERS.map((contender, index) => open(contender, browser, { tabs, site: `b${index}.localhost` })),
  );
}

async function open(
  { name, page, config }: Contender,
  browser: BrowserUnderTest,
  { tabs, site }: { readonly tabs: number; readonly site: string },
): Promise<ReadyContender> {
  const { code, size } = await bundlePage(page);
  const server = await new SessionServer(site, config).start();
  const profile = await browser.newProfile();
  const load = async (script: string): Promise<Tab> => {
    const tab = await profile.newTab();
    await tab.goto(`${server.origin}/blank`);
    if (script !== "") await chromiumPage(tab).addScriptTag({ content: script });
    return tab;
  };
  const first = await load(code);
  const signIn = async (): Promise<void> => {
    const status = await first.evaluate(async () => {
      const body = JSON.stringify({ user: "alice", claims: { role: "member" } });
      return (await fetch("/login", { method: "POST", body })).status;
    });
    if (status !== 200) throw new Error(`${name}: the sign-in was answered ${status}`);
  };
  await signIn();
  const racers = [first];
  while (racers.length < tabs) racers.push(await load(code));
  const race = await TabRace.prepare(await load(""), racers);
  const close = async (): Promise<void> => {
    await profile.close();
    await server.stop();
  };
  return { name, size, server, race, signIn, close };
}
