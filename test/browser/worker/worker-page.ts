import type { CounterfoilConfig } from "counterfoil";
import { expect } from "vitest";
import { serveScript } from "../serve-script.ts";
import type { SessionServer } from "../session-server.ts";
import type { Stage } from "../stage.ts";
import type { Tab } from "../tab.ts";
import type { WorkerPageScript } from "./page-script.ts";
import type { Request, Result } from "./worker-script.ts";

declare const page: WorkerPageScript;

/** A tab with a page that has a worker. */
export class WorkerPage {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  async open({ origin }: SessionServer, kind: "bridge" | "core" | "shared" = "bridge"): Promise<this> {
    expect(await this.tab.goto(`${origin}/workers`)).toBe(200);
    await this.tab.evaluate((given) => page.start(given), kind);
    // It has begun once it answers.
    await this.ask({ act: "session" });
    return this;
  }

  async signIn(user = "alice"): Promise<void> {
    const body = JSON.stringify({ user });
    const status = await this.tab.evaluate(
      async (given) => (await page.client.signIn("/login", { method: "POST", body: given })).status,
      body,
    );
    expect(status).toBe(200);
  }

  /** Lets the worker do something. */
  ask(request: Request): Promise<Result> {
    return this.tab.evaluate((given) => page.ask(given), request);
  }
}

export async function serveWorkers(stage: Stage, config: CounterfoilConfig = {}): Promise<SessionServer> {
  const server = await stage.serve(config);
  serveScript(server, "workers", import.meta.resolve("./page-script.ts"));
  serveScript(server, "worker", import.meta.resolve("./worker-script.ts"));
  return server;
}

/** A page with a worker, where alice has signed in; the calls until then have been taken. */
export async function openWorker(
  stage: Stage,
  kind: "bridge" | "core" | "shared" = "bridge",
): Promise<{ readonly server: SessionServer; readonly page: WorkerPage }> {
  const server = await serveWorkers(stage);
  const opened = await new WorkerPage(await stage.newTab()).open(server, kind);
  await opened.signIn();
  server.takeCalls();
  return { server, page: opened };
}
