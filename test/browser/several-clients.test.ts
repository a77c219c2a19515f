/**
 * More than one client in a page: made twice, made again by hot reload, or in two bundles; and one
 * that is disposed of.
 */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

declare const page: ClientPageScript;

const statusOfMe = (visitor: ClientPage): Promise<number> =>
  visitor.tab.evaluate(async () => (await fetch(`/me?${Math.random()}`)).status);

describeInAnyBrowser("several clients in a page", (stage) => {
  test("share one lock and one channel: one refresh for all their calls, and events once each", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.expire();
    const found = await visitor.tab.evaluate(async () => {
      const locks = new Set<string>();
      const request = navigator.locks.request.bind(navigator.locks) as (...given: unknown[]) => Promise<unknown>;
      navigator.locks.request = (name: string, ...given: unknown[]) => {
        locks.add(name);
        return request(name, ...given);
      };
      const clients = Array.from({ length: 4 }, () => page.counterfoil.createSessionClient());
      const heard = clients.map(() => [] as string[]);
      for (const [index, client] of clients.entries()) client.on("refreshed", () => heard[index]?.push("refreshed"));
      const answers = await Promise.all(clients.map((client, n) => client.fetch(`/me?${n}`)));
      return { statuses: answers.map(({ status }) => status), locks: [...locks], heard };
    });
    expect(found.statuses).toEqual([200, 200, 200, 200]);
    expect(found.locks).toEqual([`counterfoil:${server.origin}/session/refresh`]);
    await expect.poll(() => visitor.events()).toHaveLength(2);
    expect(found.heard).toEqual(Array.from({ length: 4 }, () => ["refreshed"]));
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("leave nothing once they are disposed of, and their own calls still work", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const left = await visitor.tab.evaluate(() => {
      const listeners = new Set<string>();
      const channels = new Set<BroadcastChannel>();
      const add = Reflect.get(EventTarget.prototype, "addEventListener") as (...given: unknown[]) => void;
      EventTarget.prototype.addEventListener = function record(type, listener, options) {
        const { signal } = (options ?? {}) as { signal?: AbortSignal };
        if (this === globalThis || this === document) {
          listeners.add(type);
          signal?.addEventListener("abort", () => listeners.delete(type));
        }
        add.call(this, type, listener, options);
      };
      const { BroadcastChannel: Channel } = globalThis;
      globalThis.BroadcastChannel = class extends Channel {
        constructor(name: string) {
          super(name);
          channels.add(this);
        }
        override close(): void {
          channels.delete(this);
          super.close();
        }
      };
      const fetchBefore = globalThis.fetch;
      const client = page.counterfoil.createSessionClient();
      client.intercept();
      const during = { listeners: [...listeners].toSorted(), channels: channels.size };
      client.dispose();
      Object.assign(globalThis, { disposed: client });
      return { during, after: [listeners.size, channels.size], isBack: globalThis.fetch === fetchBefore };
    });
    expect(left).toEqual({
      during: { listeners: ["online", "pagehide", "pageshow", "visibilitychange"], channels: 1 },
      after: [0, 0],
      isBack: true,
    });
    server.expire();
    const { status, states } = await visitor.tab.evaluate(async () => {
      const { disposed } = globalThis as unknown as { disposed: typeof page.client };
      const answer = await disposed.fetch("/me");
      const before = disposed.session();
      await page.client.signOut();
      await fetch("/open");
      return { status: answer.status, states: [before.status, disposed.session().status] };
    });
    expect(status).toBe(200);
    expect(server.takeCalls()).toEqual([
      "GET /me 401",
      "POST /session/refresh 200",
      "GET /me 200",
      "POST /session/signout 200",
      "GET /open 200",
    ]);
    // It has not heard of the other client's sign-out, and finds out with its next call.
    expect(states).toEqual(["signed-in", "signed-in"]);
  });

  test("nothing global is touched before anybody asks for it", async () => {
    const server = await stage().serve();
    const tab = await stage().newTab();
    await tab.goto(`${server.origin}/blank`);
    const changed = await tab.evaluate(async () => {
      const look = (): Map<string, unknown> =>
        new Map(
          Object.getOwnPropertyNames(globalThis).map((name) => [
            name,
            Object.getOwnPropertyDescriptor(globalThis, name)?.value,
          ]),
        );
      const before = look();
      const script = document.createElement("script");
      script.src = "/page.js";
      const loaded = new Promise((resolve) => script.addEventListener("load", resolve));
      document.head.append(script);
      await loaded;
      page.create({});
      return [...look()].filter(([name, value]) => !Object.is(before.get(name), value)).map(([name]) => name);
    });
    // What the test's own script puts there.
    expect(changed).toEqual(["page"]);
  });

  test.each([
    ["in the order in which they came", [0, 1]],
    ["in the opposite order", [1, 0]],
  ])("that intercept fetch put the very same function back, %s", async (_title, [first = 0, second = 0]) => {
    const { server, page: visitor } = await openSignedIn(stage());
    await visitor.tab.evaluate(() => {
      const original = globalThis.fetch;
      const clients = [page.counterfoil.createSessionClient(), page.counterfoil.createSessionClient()];
      const undos = clients.map((client) => client.intercept());
      Object.assign(globalThis, { original, undos });
    });
    server.expire();
    expect(await statusOfMe(visitor)).toBe(200);
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
    const undo = (index: number): Promise<boolean> =>
      visitor.tab.evaluate((which) => {
        const { original, undos } = globalThis as unknown as { original: typeof fetch; undos: (() => void)[] };
        undos[which]?.();
        return globalThis.fetch === original;
      }, index);
    expect(await undo(first)).toBe(false);
    server.expire();
    expect(await statusOfMe(visitor)).toBe(200);
    expect(await undo(second)).toBe(true);
    // Twice does no harm.
    expect(await undo(second)).toBe(true);
    server.expire();
    expect(await statusOfMe(visitor)).toBe(401);
    expect(server.count("session-refreshed")).toBe(2);
  });
});
