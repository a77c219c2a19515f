import { until } from "../../servers/until.ts";
import type { SessionServer } from "../session-server.ts";
import type { Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { ReactPageScript, Recorded } from "./page-script.ts";
import { addReactPage, type PageWishes } from "./react-routes.ts";

declare const page: ReactPageScript;

/** A tab with the React page. */
export class ReactPage {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  async open({ origin }: SessionServer, wishes: PageWishes = {}): Promise<this> {
    const status = await this.tab.goto(`${origin}/react?${new URLSearchParams({ wishes: JSON.stringify(wishes) })}`);
    if (status !== 200) throw new Error(`the page was answered ${status}`);
    await until("the script of the page", () => this.tab.evaluate(() => "page" in globalThis));
    return this;
  }

  /** Resolves once every component shows this text, and the guard that one. */
  async shows(text: string, guarded: string): Promise<void> {
    const wanted = [text, guarded].join("|");
    await until(`the page shows ${wanted}`, async () => (await this.shown()) === wanted);
  }

  /** Texts of the components, each once, and that of the guard. */
  shown(): Promise<string> {
    return this.tab.evaluate(() => {
      const texts = Array.from(document.querySelectorAll(".counted, #guarded"), (one) => one.textContent);
      return [...new Set(texts)].join("|");
    });
  }

  /** What has happened since it was last taken, once nothing is left to happen. */
  async take(): Promise<Recorded> {
    await this.tab.evaluate(async () => {
      await fetch("/open");
      await new Promise((resolve) => setTimeout(resolve));
    });
    return this.tab.evaluate(() => page.take());
  }

  /** Of what the client says, whether or not it is shown. */
  accessExpires(): Promise<number | undefined> {
    return this.tab.evaluate(() => {
      const session = page.client.session();
      return session.status === "signed-in" ? session.accessExpires : undefined;
    });
  }

  signIn(user: string, role = "member"): Promise<number> {
    const body = JSON.stringify({ user, claims: { role } });
    return this.tab.evaluate(
      async (given) => (await page.client.signIn("/login", { method: "POST", body: given })).status,
      body,
    );
  }

  click(id: "call" | "out"): Promise<void> {
    return this.tab.evaluate((name) => document.querySelector<HTMLElement>(`#${name}`)!.click(), id);
  }
}

/** A server with the page. */
export const serveReact = async (stage: Stage): Promise<SessionServer> => addReactPage(await stage.serve());

/** A tab of the test's profile with the page. */
export const openReact = async (stage: Stage, server: SessionServer, wishes: PageWishes = {}): Promise<ReactPage> =>
  new ReactPage(await stage.newTab()).open(server, wishes);

/** As a plain form does it: no script of the page learns whose session it is. */
export async function signInByForm({ tab }: ReactPage, user: string, role = "member"): Promise<void> {
  const body = JSON.stringify({ user, claims: { role } });
  const status = await tab.evaluate(async (given) => {
    page.client.dispose();
    return (await fetch("/login", { method: "POST", body: given })).status;
  }, body);
  if (status !== 200) throw new Error(`the sign-in was answered ${status}`);
}
