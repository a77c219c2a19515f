import type { BrowserContext, Page } from "playwright-core";
import type { CounterfoilConfig } from "counterfoil";
import { expect } from "vitest";
import { ApiServer } from "./api-server.ts";
import type { Bundles } from "./bundles.ts";
import type { Generation } from "./generations.ts";
import type { Listening } from "../fixtures/listen.ts";
import { servePages } from "./page-server.ts";
import { type Address, Visitor } from "./visitor.ts";

let stages = 0;

/**
 * What one test has: a generation, a site that the browser has never seen, and servers of its own.
 */
export class Stage implements AsyncDisposable {
  readonly generation: Generation;
  /** A registrable domain, so that neither cookies nor storage come from another test. */
  readonly site: string = `t${++stages}.localhost`;
  readonly #context: BrowserContext;
  readonly #bundles: Bundles;
  readonly #visitors: Visitor[] = [];
  readonly #config: CounterfoilConfig;
  readonly #servers: Listening[] = [];
  readonly #apis: ApiServer[] = [];

  /** @param config of each of its servers */
  constructor(generation: Generation, context: BrowserContext, bundles: Bundles, config: CounterfoilConfig = {}) {
    this.generation = generation;
    this.#context = context;
    this.#bundles = bundles;
    this.#config = config;
  }

  async serve(config?: CounterfoilConfig, port?: number): Promise<ApiServer> {
    const api = new ApiServer(this.#bundles, { ...this.#config, ...config });
    this.#apis.push(api);
    await api.start(port);
    return api;
  }

  /** The port of a server that has the pages, and no API. */
  async servePages(): Promise<number> {
    const server = await servePages(this.#bundles);
    this.#servers.push(server);
    return server.port;
  }

  async open({ port }: ApiServer, address: Partial<Address> = {}, generation = this.generation): Promise<Visitor> {
    const origin = `http://${this.site}:${port}`;
    const visitor = new Visitor(await this.#findPage(), { page: origin, api: origin, ...address });
    this.#visitors.push(visitor);
    await visitor.goTo(generation);
    return visitor;
  }

  /** A visitor who has signed in, on a server that has forgotten what was asked until then. */
  async openSignedIn(api: ApiServer, address?: Partial<Address>, claims?: object): Promise<Visitor> {
    const visitor = await this.open(api, address);
    expect(await visitor.signIn("alice", claims)).toMatchObject({ status: 200 });
    expect(api.count("session-created")).toBe(1);
    api.takeCalls();
    return visitor;
  }

  /**
   * The page that the last test left behind, which is a lot faster than a new one; a new one for
   * each further visitor.
   */
  async #findPage(): Promise<Page> {
    const left = this.#visitors.length === 0 ? this.#context.pages()[0] : undefined;
    return left ?? this.#context.newPage();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [index, { page, hasOwnClock }] of this.#visitors.entries()) {
      if (index > 0 || hasOwnClock) await page.close();
    }
    for (const server of this.#servers) await server.close();
    for (const api of this.#apis) {
      expect(api.count("reuse-detected")).toBe(0);
      await api.stop();
    }
  }
}
