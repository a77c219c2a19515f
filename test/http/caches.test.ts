/**
 * A real nginx with a cache in front of a real server: alice, bob and a stranger ask one after
 * another.
 */
import { getSession } from "counterfoil/express";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithServer } from "../servers/describe-with-server.ts";
import { type Nginx, startNginx } from "../servers/nginx.ts";
import { apiCookies, BOTH_FRAMEWORKS, route, signIn, startApp, type TestApp } from "./fixtures.ts";
import { send, type SentHeaders } from "./send.ts";

const CACHE =
  "proxy_cache zone; proxy_cache_valid 200 1m; add_header x-cache $upstream_cache_status always; proxy_set_header Host $http_host;";
const [, { express }] = BOTH_FRAMEWORKS;

interface World extends AsyncDisposable {
  /** Who the response names, and whether it came from the cache. */
  ask(this: void, path: string, headers?: SentHeaders): Promise<readonly [unknown, string | undefined]>;
  readonly alice: SentHeaders;
  readonly bob: SentHeaders;
  readonly native: SentHeaders;
}

async function openWorld(cacheHeaders?: boolean): Promise<World> {
  const app: TestApp = await startApp({
    express,
    config: { http: { cacheHeaders } },
    extend(own, sessions) {
      own.get(
        "/public",
        route(async (request, response) => {
          const session = await getSession(request, response, { sessions, sessionRequired: false });
          response.set("Cache-Control", "public, max-age=60");
          response.json({ user: session?.getUserId() ?? null });
        }),
      );
      own.get(
        "/page",
        route(async (request, response) => {
          const session = await getSession(request, response, { sessions, sessionRequired: false, page: true });
          response.json({ user: session?.getUserId() ?? null });
        }),
      );
    },
  });
  const nginx: Nginx = await startNginx(app.port, CACHE);
  const [alice, bob] = [await signIn(app), await signIn(app, "user=bob")];
  const login = await app.send({ method: "POST", path: "/login?user=native", headers: { "st-auth-mode": "header" } });
  return {
    async ask(path, headers = {}) {
      const answer = await send(nginx.port, { path, headers });
      const { user, message } = answer.json() as { user?: unknown; message?: unknown };
      return [user === undefined ? message : user, answer.header("x-cache")];
    },
    alice: { cookie: apiCookies(alice) },
    bob: { cookie: apiCookies(bob) },
    native: { authorization: `Bearer ${login.header("st-access-token")}` },
    async [Symbol.asyncDispose]() {
      await nginx.remove();
      await app[Symbol.asyncDispose]();
    },
  };
}

describeWithServer("nginx", "a caching nginx in front of protected routes", () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  test("keeps nothing of a route that does not say how it may be cached", async () => {
    const { ask, alice, bob, native } = world;
    for (const path of ["/api", "/page"]) {
      expect(await ask(path, alice)).toEqual(["alice", "MISS"]);
      expect(await ask(path, alice)).toEqual(["alice", "MISS"]);
      expect(await ask(path, bob)).toEqual(["bob", "MISS"]);
      expect(await ask(path, native)).toEqual(["native", "MISS"]);
    }
    expect(await ask("/api")).toEqual(["try refresh token", "MISS"]);
    expect(await ask("/page")).toEqual([null, "MISS"]);
  });

  test("keeps a response of a public route for those who sent the same cookies and token", async () => {
    const { ask, alice, bob, native } = world;
    expect(await ask("/public", alice)).toEqual(["alice", "MISS"]);
    expect(await ask("/public", bob)).toEqual(["bob", "MISS"]);
    expect(await ask("/public")).toEqual([null, "MISS"]);
    expect(await ask("/public", native)).toEqual(["native", "MISS"]);
    expect(await ask("/public", alice)).toEqual(["alice", "HIT"]);
    expect(await ask("/public", bob)).toEqual(["bob", "HIT"]);
    expect(await ask("/public")).toEqual([null, "HIT"]);
    expect(await ask("/public", native)).toEqual(["native", "HIT"]);
  });

  test("hands alice's response to anybody where http.cacheHeaders is false", async () => {
    await using bare = await openWorld(false);
    expect(await bare.ask("/api", bare.alice)).toEqual(["alice", "MISS"]);
    expect(await bare.ask("/api", bare.bob)).toEqual(["alice", "HIT"]);
    expect(await bare.ask("/api")).toEqual(["alice", "HIT"]);
  });
});
