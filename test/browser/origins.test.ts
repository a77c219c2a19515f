/**
 * Whom the client's headers and credentials go to: the origins that the app has named, and nobody
 * else.
 */
import type { CounterfoilConfig } from "counterfoil";
import { memory } from "counterfoil/memory";
import { expect, test } from "vitest";
import { ClientPage, openSignedIn, type PageOptions } from "./client-page.ts";
import { serveOpenOrigin, type StrangersCall } from "./open-origin.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInAnyBrowser, type Stage } from "./stage.ts";
import type { Tab } from "./tab.ts";

declare const page: ClientPageScript;

/** Of our headers, what a call carried; what a preflight asks for counts. */
function oursIn({ headers }: StrangersCall): readonly string[] {
  const names = [...Object.keys(headers), headers["access-control-request-headers"] ?? ""].join(",").split(",");
  return names.filter((name) => /csrf|rid|counterfoil|cookie/i.test(name));
}

/** The text of an answer, or the name of the error. */
const outcomeOf = (tab: Tab, url: string, init: RequestInit = {}): Promise<string> =>
  tab.evaluate(
    async (to) => {
      const answer = await page.client.fetch(to.url, to.init).catch((error: Error) => error.name);
      return typeof answer === "string" ? answer : `${answer.status} ${await answer.text()}`;
    },
    { url, init },
  );

const POST: RequestInit = { method: "POST", body: "x" };

describeInAnyBrowser("other origins", (stage) => {
  test("get nothing of ours, however much they look like the API", async () => {
    await using stranger = await serveOpenOrigin();
    const { server, page: client } = await openSignedIn(stage());
    const { site } = stage();
    const hosts = [
      site,
      `${site}.evil.localhost`,
      `www.${site}`,
      `other-${site}`,
      `${site}-evil.localhost`,
      "127.0.0.1",
    ];
    for (const host of hosts) {
      for (const init of [{}, POST]) {
        const url = `http://${host}:${stranger.port}/notes?${server.origin}`;
        expect(await outcomeOf(client.tab, url, init), url).toBe("200 a stranger");
        const calls = stranger.take();
        expect(calls.length, url).toBeGreaterThan(0);
        expect(calls.flatMap(oursIn), url).toEqual([]);
      }
    }
    // Nothing listens to TLS there, and the call ends as any other.
    expect(await outcomeOf(client.tab, `${server.origin.replace("http:", "https:")}/me`, POST)).toBe("TypeError");
    expect(server.takeCalls()).toEqual([]);
  });

  test("get nothing of ours when the API redirects there", async () => {
    await using stranger = await serveOpenOrigin();
    const { server, page: client } = await openSignedIn(stage());
    for (const host of [`other-${stage().site}`, `www.${stage().site}`]) {
      const location = `http://${host}:${stranger.port}/`;
      for (const status of [307, 308, 302, 303]) {
        server.at("POST /notes").answer(status, { location });
        expect(await outcomeOf(client.tab, "/notes", POST), `${status}`).toBe("TypeError");
        server.at("GET /me").answer(status, { location });
        expect(await outcomeOf(client.tab, "/me")).toBe("200 a stranger");
        const calls = stranger.take();
        expect(
          calls.map(({ method }) => method),
          `${status}`,
        ).toEqual(["GET"]);
        expect(calls.flatMap(oursIn)).toEqual([]);
      }
    }
    const sent = server.takeTraffic().filter(({ call }) => call.startsWith("POST /notes"));
    expect(sent.map(({ asked }) => asked["rid"])).toEqual(Array.from({ length: 8 }, () => "1"));
  });

  test("get nothing of ours when the call is sent again and is redirected only then", async () => {
    await using stranger = await serveOpenOrigin();
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    const route = server.at("POST /notes");
    route.hold("before", 1);
    const outcome = outcomeOf(client.tab, "/notes", POST);
    await server.seen("POST /notes");
    route.answer(307, { location: `http://other-${stage().site}:${stranger.port}/` });
    route.release();
    expect(await outcome).toBe("TypeError");
    expect(server.takeCalls()).toEqual(["POST /notes 401", "POST /session/refresh 200", "POST /notes 307"]);
    expect(stranger.take()).toEqual([]);
  });

  test("are reached as in a plain fetch by who is not signed in", async () => {
    await using stranger = await serveOpenOrigin();
    const server = await stage().serve();
    const client = await new ClientPage(await stage().newTab()).open(server);
    server.at("POST /notes").answer(307, { location: `http://other-${stage().site}:${stranger.port}/` });
    expect(await outcomeOf(client.tab, "/notes", { method: "POST", body: "x" })).toBe("200 a stranger");
    expect(stranger.take().flatMap(oursIn)).toEqual([]);
  });

  test("a call without credentials is nobody's", async () => {
    const { server, page: client } = await openSignedIn(stage());
    expect(await outcomeOf(client.tab, "/me", { credentials: "omit" })).toMatch(/^401 /);
    expect(await outcomeOf(client.tab, "/notes", { ...POST, credentials: "omit" })).toMatch(/^401 /);
    const calls = server.takeTraffic();
    expect(calls.map(({ call }) => call)).toEqual(["GET /me 401", "POST /notes 401"]);
    expect(calls.flatMap(({ asked }) => oursIn({ method: "", headers: asked }))).toEqual([]);
    expect(await client.fetch("/me")).toMatchObject({ status: 200 });
  });

  test("an API that is no origin is refused by name", async () => {
    const server = await stage().serve();
    const client = await new ClientPage(await stage().newTab()).open(server);
    const wrong = [
      "https://shop.example/",
      "https://shop.example/api",
      "https://shop.example?x",
      "shop.example",
      "https://SHOP.example",
      "https://shop.example:443",
      "https://user@shop.example",
      "",
      "null",
      "*",
      "/",
    ];
    for (const value of wrong.flatMap((one) => [one, [server.origin, one]])) {
      const refusal = await client.tab.evaluate((api) => {
        try {
          page.counterfoil.createSessionClient({ api: api as string });
        } catch (error) {
          return error instanceof page.counterfoil.SessionClientError ? [error.code, error.message] : [String(error)];
        }
        return ["accepted"];
      }, value);
      expect(refusal).toEqual([
        "OPTIONS_INVALID",
        expect.stringContaining(`api, basePath: ${[value].flat().at(-1)} is no origin`),
      ]);
    }
  });
});

interface Apart {
  readonly title: string;
  readonly host: (site: string) => string;
  readonly config: (site: string) => CounterfoilConfig;
  /** Whether the page can read the marker of the API's cookie. */
  readonly isReadable: boolean;
}

const SUB_DOMAIN: Apart = {
  title: "a sub-domain",
  host: (site) => `api.${site}`,
  config: () => ({}),
  isReadable: false,
};
const APART: readonly Apart[] = [
  { title: "another port of the host", host: (site) => site, config: () => ({}), isReadable: true },
  {
    title: "a sub-domain with cookies for the whole domain",
    host: (site) => `api.${site}`,
    config: (site) => ({ cookie: { domain: site } }),
    isReadable: true,
  },
  SUB_DOMAIN,
];

/** A page of one origin whose client calls the API of another one. */
async function openApart(stage: Stage, { host, config }: Apart) {
  const pages = await stage.serve();
  const trusting = { ...config(stage.site), http: { trustedOrigins: [pages.origin] } };
  const api = await stage.serve(trusting, host(stage.site));
  const options: PageOptions = { api: api.origin };
  const client = await new ClientPage(await stage.newTab()).open(pages, options);
  return { pages, api, client };
}

const signIn = (client: ClientPage, { origin }: SessionServer) =>
  client.signIn("alice", { role: "member" }, `${origin}/login`);

describeInAnyBrowser("an API of another origin", (stage) => {
  test.for(APART)("$title", async (apart) => {
    const { pages, api, client } = await openApart(stage(), apart);
    const url = (path: string): string => api.origin + path;
    pages.takeCalls();
    expect(await signIn(client, api)).toMatchObject({ status: 200 });
    expect(await client.tab.evaluate(() => document.cookie.includes("sIdRefreshToken"))).toBe(apart.isReadable);
    const signedIn = { status: "signed-in", userId: "alice", claims: { role: "member" } };
    expect(await client.session()).toMatchObject(signedIn);
    expect(await client.fetch(url("/me"))).toMatchObject({ status: 200, body: { user: "alice" } });
    expect(await client.fetch(url("/notes"), { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(api.takeCalls()).toEqual(["POST /login 200", "GET /me 200", "POST /notes 200"]);

    api.expire();
    expect(await client.fetch(url("/me"))).toMatchObject({ status: 200 });
    expect(api.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
    api.expire();
    expect(await client.fetch(url("/notes"), { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(api.takeCalls()).toEqual(["POST /notes 401", "POST /session/refresh 200", "POST /notes 200"]);

    await client.tab.reload();
    expect(await client.session()).toMatchObject(signedIn);
    expect(await client.fetch(url("/notes"), { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(api.takeCalls()).toEqual(["POST /notes 200"]);
    api.expire();
    expect(await client.fetch(url("/me"))).toMatchObject({ status: 200 });
    expect(api.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);

    expect(await client.signOut()).toBe(true);
    expect(await client.session()).toEqual({ status: "signed-out", reason: "sign-out" });
    expect(await client.fetch(url("/me"))).toMatchObject({ status: 401 });
    expect(api.takeCalls()).toEqual(["POST /session/signout 200", "GET /me 401"]);
    await client.tab.reload();
    expect(await client.session()).toMatchObject({ status: "signed-out" });
    expect([api.count("session-created"), api.count("session-revoked")]).toEqual([1, 1]);
    expect(pages.takeCalls()).toEqual([]);
  });

  test("redirects of unsafe calls are not followed, not even by the trusted API, others are", async () => {
    await using stranger = await serveOpenOrigin();
    const { pages, api, client } = await openApart(stage(), SUB_DOMAIN);
    expect(await signIn(client, api)).toMatchObject({ status: 200 });
    const { origin } = pages;
    const cors = { "access-control-allow-origin": origin, "access-control-allow-credentials": "true" };
    const location = `http://other-${stage().site}:${stranger.port}/`;
    api.at("POST /notes").answer(307, { ...cors, location });
    expect(await outcomeOf(client.tab, `${api.origin}/notes`, POST)).toBe("TypeError");
    expect(stranger.take()).toEqual([]);
    api.at("GET /me").answer(307, { ...cors, location });
    expect(await outcomeOf(client.tab, `${api.origin}/me`)).toBe("200 a stranger");
    expect(stranger.take().flatMap(oursIn)).toEqual([]);
    api.takeCalls();
    api.at("POST /notes").answer(307, { ...cors, location: `${api.origin}/notes` });
    expect(await outcomeOf(client.tab, `${api.origin}/notes`, POST)).toBe("TypeError");
    expect(api.takeCalls()).toEqual(["POST /notes 307"]);
  });

  test("a second one is opted in by exact match", async () => {
    const pages = await stage().serve();
    const config = { store: memory(), http: { trustedOrigins: [pages.origin] } };
    const api = await stage().serve(config);
    const second = await stage().serve(config);
    const third = await stage().serve(config);
    const tab = await stage().newTab();
    const client = await new ClientPage(tab).open(pages, { api: [api.origin, second.origin] });
    expect(await signIn(client, api)).toMatchObject({ status: 200 });
    const both = [api, second];
    for (const one of both)
      expect(await client.fetch(`${one.origin}/notes`, { method: "POST" })).toMatchObject({ status: 200 });
    for (const one of both) one.expire();
    api.takeCalls();
    second.takeCalls();
    expect(await client.fetch(`${second.origin}/notes`, { method: "POST" })).toMatchObject({ status: 200 });
    expect(api.takeCalls()).toEqual(["POST /session/refresh 200"]);
    expect(second.takeCalls()).toEqual(["POST /notes 401", "POST /notes 200"]);
    expect(await client.fetch(`${third.origin}/notes`, { method: "POST", body: "x" })).toMatchObject({ status: 401 });
    const calls = third.takeTraffic();
    expect(calls.map(({ call }) => call)).toEqual(["POST /notes 401"]);
    expect(calls.flatMap(({ asked }) => oursIn({ method: "", headers: asked }))).toEqual([]);
  });
});
