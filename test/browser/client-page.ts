import type { CounterfoilConfig } from "counterfoil";
import type { SessionClientOptions, SessionState } from "counterfoil/browser";
import { expect } from "vitest";
import type { ClientPageScript, PageEvent, RefreshOutcome, Reply } from "./pages/client-page.ts";
import type { SessionServer, SignInBody } from "./session-server.ts";
import type { Stage } from "./stage.ts";
import type { Tab } from "./tab.ts";

/**
 * What the page has; functions that run in it may use it: `tab.evaluate(() =>
 * page.client.session())`.
 */
declare const page: ClientPageScript;

/** Options that can stand in an address. */
export type PageOptions = Omit<SessionClientOptions, "isRefused">;

export interface CallInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** On a busy machine a page takes longer than the client waits by default. */
const PATIENT: PageOptions = { lockTimeout: 120_000, refreshTimeout: 120_000 };

/** A tab with a page that has a client. */
export class ClientPage {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  /**
   * Loads the page from a server; it makes a client with these options, and patience, each time it
   * is loaded.
   */
  async open({ origin }: Pick<SessionServer, "origin">, options: PageOptions = {}): Promise<this> {
    const query = new URLSearchParams({ options: JSON.stringify({ ...PATIENT, ...options }) });
    expect(await this.tab.goto(`${origin}/page?${query}`)).toBe(200);
    return this;
  }

  /** Makes another client in the same page; events are those of this one from now on. */
  create(options: PageOptions = {}): Promise<void> {
    return this.tab.evaluate((given) => page.create(given), options);
  }

  /** By the client's `signIn`. */
  signIn(
    user = "alice",
    claims: object = { role: "member" },
    url = "/login",
    more: Omit<SignInBody, "user" | "claims"> = {},
  ): Promise<Reply> {
    const body = JSON.stringify({ user, claims, ...more });
    return this.tab.evaluate((to) => page.signIn(to.url, { method: "POST", body: to.body }), { url, body });
  }

  /** By the client's `fetch`. Rejects as that does. */
  fetch(url: string, init: CallInit = {}): Promise<Reply> {
    return this.tab.evaluate((to) => page.fetch(to.url, to.init), { url, init });
  }

  /**
   * So many calls of `GET /me` in one go. Each has a query of its own, because a browser sends one
   * GET of an address at a time.
   *
   * @returns the statuses of the answers
   */
  fetchMe(count: number, url = "/me"): Promise<readonly number[]> {
    return this.tab.evaluate(
      async (to) => {
        const calls = Array.from({ length: to.count }, (_, n) => page.fetch(`${to.url}?${Math.random()}-${n}`));
        return (await Promise.all(calls)).map(({ status }) => status);
      },
      { url, count },
    );
  }

  session(): Promise<SessionState> {
    return this.tab.evaluate(() => page.client.session());
  }

  refresh(): Promise<RefreshOutcome> {
    return this.tab.evaluate(() => page.refresh());
  }

  signOut(): Promise<boolean> {
    return this.tab.evaluate(() => page.client.signOut());
  }

  /** All that the client has told since it was made, in order. */
  events(): Promise<readonly PageEvent[]> {
    return this.tab.evaluate(() => page.events);
  }
}

/**
 * A page of a server of its own, where alice has signed in; the calls until then have been taken.
 */
export async function openSignedIn(
  stage: Stage,
  options: PageOptions = {},
  config: CounterfoilConfig = {},
): Promise<{ readonly server: SessionServer; readonly page: ClientPage }> {
  const server = await stage.serve(config);
  const opened = await new ClientPage(await stage.newTab()).open(server, options);
  expect(await opened.signIn()).toMatchObject({ status: 200 });
  server.takeCalls();
  return { server, page: opened };
}
