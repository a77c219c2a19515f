import type { Page } from "playwright-core";
import type { Generation } from "./generations.ts";
import type { PageClient } from "./pages/page-client.ts";

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface Address {
  readonly page: string;
  readonly api: string;
  readonly status?: 401 | 440;
  readonly transport?: "cookie" | "header";
  /** `http.basePath` of the API. Default: none. */
  readonly base?: string;
  /** `sessionScope` of the client; left out, its default. */
  readonly scope?: string;
}

declare const client: PageClient;

/** Somebody in front of a page of one generation. */
export class Visitor {
  readonly page: Page;
  hasOwnClock = false;
  readonly #address: Address;

  constructor(page: Page, address: Address) {
    this.page = page;
    this.#address = address;
  }

  async goTo({ id }: Generation): Promise<void> {
    const { page, api, base = "", status = 401, transport = "cookie", scope = "" } = this.#address;
    const settings = new URLSearchParams({ api, base, status: String(status), transport, scope });
    await this.page.goto(`${page}/page/${id}?${settings}`);
  }

  /** Scripts see another time, from now on until the page is left. */
  advanceClock(ms: number): Promise<void> {
    return this.page.evaluate(advance, ms);
  }

  /** Scripts of all pages to come see another time. */
  async setClockAhead(ms: number): Promise<void> {
    this.hasOwnClock = true;
    await this.page.addInitScript(advance, ms);
  }

  signIn(user = "alice", claims: object = { role: "member" }): Promise<Reply> {
    return this.fetch("POST", "/login", JSON.stringify({ user, claims }), "application/json");
  }

  /** By the page's `fetch`, which each client has replaced. */
  fetch(method: string, path: string, body?: string, type = "text/plain"): Promise<Reply> {
    const init = body === undefined ? { method } : { method, body, headers: { "content-type": type } };
    return this.page.evaluate(
      async (to) => {
        // Where the refresh fails, the older ones reject with its answer, and the newer ones
        // resolve with it.
        const answer = await fetch(to.url, to.init).catch((error: unknown) => {
          if (error instanceof Response) return error;
          throw error;
        });
        return { status: answer.status, body: await answer.json().catch(() => undefined) };
      },
      { url: `${this.#address.api}${path}`, init },
    );
  }

  /** Many notes in one go. The statuses of the answers. */
  postAll(notes: readonly string[]): Promise<readonly number[]> {
    return this.page.evaluate(
      async (to) => {
        const answers = await Promise.all(to.notes.map((body) => fetch(to.url, { method: "POST", body })));
        return answers.map(({ status }) => status);
      },
      { url: `${this.#address.api}/notes`, notes },
    );
  }

  /** By XMLHttpRequest. */
  xhr(method: string, path: string, body: string): Promise<Reply> {
    return this.page.evaluate(
      (to) =>
        new Promise<Reply>((resolve, reject) => {
          const request = new XMLHttpRequest();
          request.open(to.method, to.url);
          request.addEventListener("load", () =>
            resolve({ status: request.status, body: JSON.parse(request.responseText) as unknown }),
          );
          request.addEventListener("error", () => reject(new Error("XMLHttpRequest failed")));
          request.send(to.body);
        }),
      { url: `${this.#address.api}${path}`, method, body },
    );
  }

  doesSessionExist = (): Promise<boolean> => this.page.evaluate(() => client.doesSessionExist());
  refresh = (): Promise<boolean> => this.page.evaluate(() => client.refresh());
  signOut = (): Promise<void> => this.page.evaluate(() => client.signOut());
  getUserId = (): Promise<string | undefined> => this.page.evaluate(() => client.getUserId?.());
  getPayload = (): Promise<unknown> => this.page.evaluate(() => client.getPayload?.());
  /** The names of what the client offers. */
  offers = (): Promise<readonly string[]> => this.page.evaluate(() => Object.keys(client));

  /** Cookies that scripts of the page see, by name. */
  async readCookies(): Promise<readonly string[]> {
    const text = await this.page.evaluate(() => document.cookie);
    return text === "" ? [] : text.split("; ").map((pair) => pair.slice(0, pair.indexOf("=")));
  }

  /** As a browser does that keeps cookies written by scripts for some days only. */
  async loseScriptCookies(): Promise<void> {
    const names = (await this.readCookies()).filter((name) => name !== "sIdRefreshToken");
    await this.page.evaluate((lost) => {
      for (const name of lost) {
        // 4.2.0 names the domain, the others do not.
        for (const domain of ["", `;domain=${location.hostname}`])
          document.cookie = `${name}=;path=/;max-age=0${domain}`;
      }
    }, names);
  }
}

/** Runs in the page. Playwright's clock would change the time of all pages of a context. */
function advance(ms: number): void {
  const { now } = Date;
  Date.now = () => now() + ms;
}
