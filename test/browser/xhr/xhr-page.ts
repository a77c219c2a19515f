import type { CounterfoilConfig } from "counterfoil";
import type { SessionClientOptions } from "counterfoil/browser";
import { verifySession } from "counterfoil/express";
import { expect } from "vitest";
import { serve, serveScript } from "../serve-script.ts";
import type { SessionServer } from "../session-server.ts";
import type { Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { XhrCall, XhrPageScript, XhrReport } from "./page-script.ts";

declare const page: XhrPageScript;

/** A tab with a page that calls by `XMLHttpRequest`. */
export class XhrPage {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  async open({ origin }: SessionServer, options: SessionClientOptions = {}): Promise<this> {
    const query = new URLSearchParams({ options: JSON.stringify(options) });
    expect(await this.tab.goto(`${origin}/xhr?${query}`)).toBe(200);
    return this;
  }

  async signIn(url = "/login"): Promise<void> {
    const status = await this.tab.evaluate(
      async (to) => (await page.client.signIn(to, { method: "POST", body: '{"user":"alice"}' })).status,
      url,
    );
    expect(status).toBe(200);
  }

  /** Until its end. */
  send(call: XhrCall): Promise<XhrReport> {
    return this.tab.evaluate((given) => page.send(given), call);
  }

  /** By the browser's own class. */
  sendNatively(call: XhrCall): Promise<XhrReport> {
    return this.tab.evaluate((given) => page.sendNatively(given), call);
  }

  /** Until it is sent, as far as the page sees. */
  begin(call: XhrCall): Promise<void> {
    return this.tab.evaluate((given) => void page.begin(given), call);
  }

  /** Until the end of what was begun. */
  end(): Promise<XhrReport> {
    return this.tab.evaluate(() => page.current!.report());
  }

  /**
   * Aborts what was begun. Whether `loadend` has come by then, as it has with the browser's own
   * class.
   */
  abort(): Promise<boolean> {
    return this.tab.evaluate(() => {
      const { xhr, heard } = page.current!;
      xhr.abort();
      return heard.at(-1)?.startsWith("loadend") ?? false;
    });
  }
}

/** With the page, and with `GET /file`, which needs a session and answers XML. */
export async function serveXhr(stage: Stage, config: CounterfoilConfig = {}): Promise<SessionServer> {
  const server = await stage.serve(config);
  const { sessions } = server;
  serveScript(server, "xhr", import.meta.resolve("./page-script.ts"));
  const verify = verifySession({ sessions });
  serve(server, "GET /file", (req, res, next) => {
    verify(req, res, (error?: unknown) => {
      if (error === undefined) res.type("xml").send("<note>grün</note>");
      else next(error);
    });
  });
  return server;
}

/** A page where alice has signed in; the calls until then have been taken. */
export async function openXhr(
  stage: Stage,
  config: CounterfoilConfig = {},
): Promise<{ readonly server: SessionServer; readonly page: XhrPage }> {
  const server = await serveXhr(stage, config);
  const opened = await new XhrPage(await stage.newTab()).open(server);
  await opened.signIn();
  server.takeCalls();
  return { server, page: opened };
}
