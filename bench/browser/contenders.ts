import type { CounterfoilConfig } from "counterfoil";
import type { BrowserUnderTest, Profile } from "../../test/browser/browser-under-test.ts";
import { SessionServer } from "../../test/browser/session-server.ts";
import { TabRace } from "../../test/browser/tab-race.ts";
import { chromiumPage, type Tab } from "../../test/browser/tab.ts";
import { bundlePage, type PageBundle } from "./bundle.ts";

interface Contender {
  readonly id: string;
  readonly name: string;
  /** In pages/. */
  readonly page: string;
  readonly config: CounterfoilConfig;
}

/** Each replaces the page's `fetch`, and has a server that speaks its dialect. */
const CONTENDERS: readonly Contender[] = [
  { id: "counterfoil", name: "counterfoil/browser", page: "counterfoil.ts", config: {} },
  {
    id: "supertokens",
    name: "supertokens-website 20.1.6",
    page: "supertokens.ts",
    config: { http: { dialects: ["counterfoil", "supertokens"] } },
  },
];

/** Tabs of one profile where somebody has signed in, and their server. */
export interface ReadyContender {
  readonly id: string;
  readonly name: string;
  readonly size: PageBundle["size"];
  readonly server: SessionServer;
  /** Of the tabs that are open now. */
  race(): TabRace;
  /** The tabs are closed, and others opened in a new profile. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function openContenders(browser: BrowserUnderTest, tabs: number): Promise<readonly ReadyContender[]> {
  const opened: ReadyContender[] = [];
  for (const contender of CONTENDERS) opened.push(await open(contender, browser, tabs));
  return opened;
}

async function open(
  { id, name, page, config }: Contender,
  browser: BrowserUnderTest,
  tabs: number,
): Promise<ReadyContender> {
  const { code, size } = await bundlePage(page);
  const server = await new SessionServer(`${page.replace(".ts", "")}.localhost`, config).start();
  const openTabs = async (): Promise<OpenTabs> => {
    const profile = await browser.newProfile();
    const tab = await loadPage(profile, server, code);
    await signIn(tab, name);
    const racers = [tab];
    while (racers.length < tabs) racers.push(await loadPage(profile, server, code));
    return { profile, race: await TabRace.prepare(await loadPage(profile, server), racers) };
  };
  let current = await openTabs();
  return {
    id,
    name,
    size,
    server,
    race: () => current.race,
    async restart() {
      await current.profile.close();
      current = await openTabs();
    },
    async close() {
      await current.profile.close();
      await server.stop();
    },
  };
}

interface OpenTabs {
  readonly profile: Profile;
  readonly race: TabRace;
}

async function loadPage(profile: Profile, { origin }: SessionServer, script?: string): Promise<Tab> {
  const tab = await profile.newTab();
  await tab.goto(`${origin}/blank`);
  if (script !== undefined) await chromiumPage(tab).addScriptTag({ content: script });
  return tab;
}

async function signIn(tab: Tab, name: string): Promise<void> {
  const status = await tab.evaluate(async () => {
    const body = JSON.stringify({ user: "alice", claims: { role: "member" } });
    return (await fetch("/login", { method: "POST", body })).status;
  });
  if (status !== 200) throw new Error(`${name}: the sign-in was answered ${status}`);
}
