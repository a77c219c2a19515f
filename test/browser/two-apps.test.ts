/** Two apps that one browser has on one host: below two paths of an origin, and on two ports. */
import type { CounterfoilConfig } from "counterfoil";
import type { SessionClientOptions } from "counterfoil/browser";
import { expect, test } from "vitest";
import { startPathProxy } from "../servers/path-proxy.ts";
import { ClientPage } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInAnyBrowser, type Stage } from "./stage.ts";

declare const page: ClientPageScript;

interface App {
  readonly server: SessionServer;
  readonly page: ClientPage;
  /** What stands before each path of the app. */
  readonly base: string;
}

const openPage = async (stage: Stage, origin: string, options: SessionClientOptions): Promise<ClientPage> =>
  new ClientPage(await stage.newTab()).open({ origin }, options);

/** Each app below a path that the proxy strips, with a cookie prefix of its own. */
async function openBelow(stage: Stage): Promise<AsyncDisposable & { readonly apps: readonly [App, App] }> {
  const names = ["shop", "blog"] as const;
  const configOf = (name: string): CounterfoilConfig => ({
    http: { basePath: `/${name}` },
    cookie: { prefix: `${name}_` },
  });
  const [shop, blog] = [await stage.serve(configOf("shop")), await stage.serve(configOf("blog"))];
  const ports = [shop, blog].map(({ origin }) => Number(new URL(origin).port));
  const proxy = await startPathProxy({
    "/shop": { port: ports[0] ?? 0, strips: true },
    "/blog": { port: ports[1] ?? 0, strips: true },
  });
  const open = async (server: SessionServer, name: (typeof names)[number]): Promise<App> => {
    const base = `/${name}`;
    const origin = `http://${stage.site}:${proxy.port}${base}`;
    return { server, base, page: await openPage(stage, origin, { basePath: base, cookiePrefix: `${name}_` }) };
  };
  return {
    apps: [await open(shop, "shop"), await open(blog, "blog")],
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  };
}

/** Each app on a port of its own. Ports share their cookies. */
async function openPorts(stage: Stage): Promise<AsyncDisposable & { readonly apps: readonly [App, App] }> {
  const open = async (cookiePrefix: string): Promise<App> => {
    const server = await stage.serve({ cookie: { prefix: cookiePrefix } });
    return { server, base: "", page: await openPage(stage, server.origin, { cookiePrefix }) };
  };
  return { apps: [await open("shop_"), await open("blog_")], async [Symbol.asyncDispose]() {} };
}

const callsOf = ({ server }: App): readonly string[] =>
  server.takeCalls().filter((call) => !/^GET \/(?:page|favicon)/.test(call));

describeInAnyBrowser("two apps of one host", (stage) => {
  test.each([
    ["below two paths of one origin", openBelow],
    ["on two ports", openPorts],
  ])("%s: sign-in, refresh, reload and sign-out of one leave the other alone", async (_, open) => {
    await using both = await open(stage());
    const [shop, blog] = both.apps;
    const signIn = (app: App, user: string): Promise<unknown> => app.page.signIn(user, {}, `${app.base}/login`);
    const me = async (app: App): Promise<unknown> => (await app.page.fetch(`${app.base}/me`)).body;
    const userOf = async (app: App): Promise<unknown> => {
      const session = await app.page.session();
      return session.status === "signed-in" ? session.userId : session.status;
    };

    expect(await signIn(shop, "alice")).toMatchObject({ status: 200 });
    expect([await userOf(shop), await userOf(blog)]).toEqual(["alice", "signed-out"]);
    expect(await signIn(blog, "bob")).toMatchObject({ status: 200 });
    for (const { server } of both.apps) server.takeCalls();

    shop.server.expire();
    expect([await me(shop), await me(blog)]).toEqual([
      { user: "alice", claims: {} },
      { user: "bob", claims: {} },
    ]);
    expect(callsOf(shop)).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
    expect(callsOf(blog)).toEqual(["GET /me 200"]);

    for (const { page: visitor } of both.apps) await visitor.tab.reload();
    expect([await userOf(shop), await userOf(blog)]).toEqual(["alice", "bob"]);
    // What a page remembers is its own: no request is needed to know who is signed in.
    expect([callsOf(shop), callsOf(blog)]).toEqual([[], []]);

    expect(await shop.page.signOut()).toBe(true);
    expect([await userOf(shop), await userOf(blog), await me(blog)]).toEqual([
      "signed-out",
      "bob",
      { user: "bob", claims: {} },
    ]);
    expect(await blog.page.events()).toEqual([]);
    expect(await blog.page.refresh()).toMatchObject({ state: { status: "signed-in", userId: "bob" } });
    expect([shop.server.count("session-revoked"), blog.server.count("session-revoked")]).toEqual([1, 0]);
    expect(callsOf(shop)).toEqual(["POST /session/signout 200"]);
  });

  test("lock, channel and storage are named after prefix and base path", async () => {
    await using both = await openBelow(stage());
    const [shop] = both.apps;
    const names = await shop.page.tab.evaluate(async () => {
      const channels: string[] = [];
      const locks: string[] = [];
      const { BroadcastChannel: Channel } = globalThis;
      globalThis.BroadcastChannel = class extends Channel {
        constructor(name: string) {
          super(name);
          channels.push(name);
        }
      };
      const request = navigator.locks.request.bind(navigator.locks) as (...given: unknown[]) => Promise<unknown>;
      navigator.locks.request = (name: string, ...given: unknown[]) => {
        locks.push(name);
        return request(name, ...given);
      };
      const client = page.counterfoil.createSessionClient({ basePath: "/shop", cookiePrefix: "shop_" });
      await client.signIn("/shop/login", { method: "POST", body: '{"user":"alice"}' });
      return [channels, [...new Set(locks)], Object.keys(localStorage)];
    });
    const name = `counterfoil:shop_${new URL(await shop.page.tab.evaluate(() => location.href)).origin}/shop/session/refresh`;
    expect(names).toEqual([[name], [name], [name]]);
  });

  test("a base path that would name another host is refused", async () => {
    const { origin } = await stage().serve();
    const visitor = await openPage(stage(), origin, {});
    const codes = await visitor.tab.evaluate((all) => {
      return all.map((options) => {
        try {
          page.counterfoil.createSessionClient(options);
          return [options, "made"];
        } catch (error) {
          return [options, (error as InstanceType<typeof page.counterfoil.SessionClientError>).code];
        }
      });
    }, REFUSED);
    expect(codes).toEqual(REFUSED.map((options) => [options, "OPTIONS_INVALID"]));
  });
});

// Each would make the refresh route one of another host.
const REFUSED: readonly SessionClientOptions[] = ["shop", "@evil.example", ":8080/shop", ".evil.example"].map(
  (basePath) => ({ basePath }),
);
