import type { CounterfoilConfig } from "counterfoil";
import { expect } from "vitest";
import { serveScript } from "../serve-script.ts";
import type { SessionServer } from "../session-server.ts";
import type { Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { CallsPageScript, Outcome, StepUpAnswer, Way } from "./page-script.ts";

declare const page: CallsPageScript;

/** A tab with a page that calls in each way. */
export class CallsPage {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  async open({ origin }: SessionServer): Promise<this> {
    expect(await this.tab.goto(`${origin}/calls`)).toBe(200);
    return this;
  }

  startWorker = (): Promise<void> => this.tab.evaluate(() => page.startWorker());

  async signIn(user: string): Promise<void> {
    expect(await this.tab.evaluate((name) => page.signIn(name), user)).toBe(200);
  }

  /** As a plain form does, which tells no client. */
  async signInPlainly(user: string): Promise<void> {
    expect(await this.tab.evaluate((name) => page.signInPlainly(name), user)).toBe(200);
  }

  signOut = (): Promise<boolean> => this.tab.evaluate(() => page.client.signOut());

  /** Whom the page shows. */
  shown = (): Promise<unknown> =>
    this.tab.evaluate(() => {
      const session = page.client.session();
      return session.status === "signed-in" ? session.userId : session.status;
    });

  call = (way: Way, method = "POST", url = "/notes"): Promise<Outcome> =>
    this.tab.evaluate((to) => page.call(to.way, to.method, to.url), { way, method, url });

  /** Until it is sent, or waits. */
  begin = (way: Way, method = "POST", url = "/notes"): Promise<void> =>
    this.tab.evaluate((to) => page.begin(to.way, to.method, to.url), { way, method, url });

  /** What became of what was begun. */
  end = (): Promise<Outcome> => this.tab.evaluate(() => page.current!);

  /** What the user does who is asked to sign in again; at once, or on `answer()`. */
  askOnStepUp = (answer: StepUpAnswer, isPatient = false): Promise<void> =>
    this.tab.evaluate((to) => page.askOnStepUp(to.answer, to.isPatient), { answer, isPatient });

  answer = (): Promise<void> => this.tab.evaluate(() => page.answer());

  demands = (): Promise<readonly unknown[]> => this.tab.evaluate(() => page.demands);

  events = (): Promise<readonly string[]> => this.tab.evaluate(() => page.events);
}

/** Two tabs of one browser, where alice has signed in; the calls until then have been taken. */
export async function openTwo(
  stage: Stage,
  config: CounterfoilConfig = {},
): Promise<{ readonly server: SessionServer; readonly alice: CallsPage; readonly other: CallsPage }> {
  const server = await stage.serve(config);
  serveScript(server, "calls", import.meta.resolve("./page-script.ts"));
  serveScript(server, "worker", import.meta.resolve("../worker/worker-script.ts"));
  const alice = await new CallsPage(await stage.newTab()).open(server);
  await alice.startWorker();
  await alice.signIn("alice");
  const other = await new CallsPage(await stage.newTab()).open(server);
  server.takeCalls();
  return { server, alice, other };
}
