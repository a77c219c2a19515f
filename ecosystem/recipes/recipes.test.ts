/** The recipes of docs/guide/graphql-and-trpc.md, run as they are printed there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { close, init } from "counterfoil";
import { memory } from "counterfoil/memory";
import express, { type Express } from "express";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listenWeb } from "../../test/adapters/web.ts";
import { bundleOnce } from "../../test/browser/bundle.ts";
import { describeInAnyBrowser } from "../../test/browser/stage.ts";
import type { Tab } from "../../test/browser/tab.ts";
import { listen, type Listening } from "../../test/fixtures/listen.ts";
import { type RawResponse, send } from "../../test/http/send.ts";
import { describeWithFolder } from "../../test/run/describe-with-folder.ts";
import { ask, credentialsOf } from "../graphql-client.ts";
import { notes } from "./notes.ts";
import type { RecipePage } from "./page.ts";

const clock = { ahead: 0 };
const MINUTE = 60_000;
const SIGN_IN = `mutation { signIn(name: "alice") }`;

beforeAll(() =>
  init({
    store: memory({ production: true }),
    clock: () => Date.now() + clock.ahead,
    cookie: { secure: false },
  }),
);
afterAll(() => close());
beforeEach(() => {
  notes.length = 0;
});

const bodyOf = ({ status, text }: RawResponse): object => ({ status, text });
const EXPIRED = { status: 401, text: '{"message":"try refresh token"}' };

describeWithFolder("ecosystem", "the recipes", () => {
  const startApollo = async (): Promise<Listening> => listen(await (await import("./apollo.ts")).createApolloApp());
  const startYoga = async (): Promise<Listening> => listenWeb((await import("./yoga.ts")).yogaHandler);
  const startTrpc = async (): Promise<Listening> => listen((await import("./trpc.ts")).createTrpcApp());
  const startTrpcFetch = async (): Promise<Listening> => listenWeb((await import("./trpc-fetch.ts")).trpcHandler);

  describe.each([
    { name: "Apollo Server", start: startApollo },
    { name: "GraphQL Yoga", start: startYoga },
  ])("$name", ({ start }) => {
    let app: Listening;
    let alice: RawResponse;
    beforeAll(async () => {
      app = await start();
    });
    beforeEach(async () => {
      alice = (await ask(app.port, SIGN_IN)).raw;
    });
    afterAll(() => app.close());

    test("a mutation signs in, and a query knows the user", async () => {
      expect(await ask(app.port, "{ me }", alice)).toMatchObject({ status: 200, data: { me: "alice" } });
      expect(await ask(app.port, "{ me }")).toMatchObject({ status: 200, data: { me: null } });
    });

    test("a resolver that needs a session responds with 401, and with the challenge", async () => {
      const refused = await ask(app.port, `mutation { addNote(text: "milk") }`);
      expect(refused).toMatchObject({ status: 401, errors: ["UNAUTHENTICATED try refresh token"] });
      expect(refused.challenge).toBe('Bearer realm="session"');
      expect((await ask(app.port, `mutation { addNote(text: "milk") }`, alice)).status).toBe(200);
      expect(notes).toEqual(["alice: milk"]);
    });

    test("an expired token is refused before anything runs, a sign-in and a note of one operation too", async () => {
      clock.ahead += 20 * MINUTE;
      const { port } = app;
      const query = `mutation { signIn(name: "bob") addNote(text: "milk") }`;
      const headers = { ...credentialsOf(alice), "content-type": "application/json" };
      const late = await send(port, { method: "POST", path: "/graphql", headers, body: JSON.stringify({ query }) });
      expect(bodyOf(late)).toEqual(EXPIRED);
      expect(late.header("www-authenticate")).toContain('realm="session", error="invalid_token"');
      expect([late.cookies, notes]).toEqual([[], []]);
    });

    test("missing claims are 403, beside the data of others", async () => {
      const { status, errors, data, raw } = await ask(app.port, "{ users me }", alice);
      expect({ status, errors, data }).toEqual({
        status: 403,
        errors: ["FORBIDDEN invalid claim"],
        data: { users: null, me: "alice" },
      });
      expect(raw.text).toContain('"claim":"role"');
    });

    test("an old sign-in is 401 with the age that is demanded", async () => {
      clock.ahead += 10 * MINUTE;
      const { status, errors, challenge } = await ask(app.port, `mutation { changePassword(password: "x") }`, alice);
      expect({ status, errors }).toEqual({ status: 401, errors: ["UNAUTHENTICATED insufficient_user_authentication"] });
      expect(challenge).toContain("max_age=");
    });
  });

  describe("tRPC on Express", () => {
    let app: Listening;
    let alice: RawResponse;
    const call = (path: string, body?: unknown, signIn?: RawResponse): Promise<RawResponse> =>
      send(app.port, {
        path: `/trpc/${path}`,
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
        headers: { "content-type": "application/json", ...(signIn === undefined ? {} : credentialsOf(signIn)) },
      });
    beforeAll(async () => {
      app = await startTrpc();
    });
    beforeEach(async () => {
      alice = await call("signIn", "alice");
    });
    afterAll(() => app.close());

    test("a mutation signs in, and queries know the user, in a batch too", async () => {
      expect((await call("me", undefined, alice)).json()).toEqual({ result: { data: "alice" } });
      expect((await call("me")).json()).toEqual({ result: { data: null } });
      const batch = await call("me,me?batch=1", undefined, alice);
      expect(batch.json()).toEqual([{ result: { data: "alice" } }, { result: { data: "alice" } }]);
    });

    test("a procedure that needs a session responds with 401, and with the challenge", async () => {
      const refused = await call("addNote", "milk");
      expect([refused.status, refused.header("www-authenticate")]).toEqual([401, 'Bearer realm="session"']);
      expect(refused.text).toContain('"code":"UNAUTHORIZED"');
      expect((await call("addNote", "milk", alice)).status).toBe(200);
      expect(notes).toEqual(["alice: milk"]);
    });

    test("an expired token is refused before anything of a batch runs", async () => {
      clock.ahead += 20 * MINUTE;
      const late = await call("signIn,addNote?batch=1", { 0: "bob", 1: "milk" }, alice);
      expect(bodyOf(late)).toEqual(EXPIRED);
      expect([late.cookies, notes]).toEqual([[], []]);
    });

    test("missing claims are FORBIDDEN, alone and beside others", async () => {
      const refused = await call("users", undefined, alice);
      expect([refused.status, refused.text.includes('"code":"FORBIDDEN"')]).toEqual([403, true]);
      const batch = await call("users,me?batch=1", undefined, alice);
      expect(batch.status).toBe(207);
      expect(batch.json()).toMatchObject([{ error: { data: { httpStatus: 403 } } }, { result: { data: "alice" } }]);
    });

    test("an old sign-in is 401 with the age that is demanded", async () => {
      clock.ahead += 10 * MINUTE;
      const refused = await call("changePassword", {}, alice);
      expect([refused.status, refused.header("www-authenticate")]).toEqual([
        401,
        'Bearer error="insufficient_user_authentication", max_age="300"',
      ]);
    });
  });

  test("tRPC behind a handler of Web requests signs in and knows the user", async () => {
    const app = await startTrpcFetch();
    const headers = { "content-type": "application/json" };
    const alice = await send(app.port, { method: "POST", path: "/trpc/signIn", body: '"alice"', headers });
    const me = { path: "/trpc/me", headers: credentialsOf(alice) };
    expect((await send(app.port, me)).json()).toEqual({ result: { data: "alice" } });
    clock.ahead += 20 * MINUTE;
    expect(bodyOf(await send(app.port, me))).toEqual(EXPIRED);
    await app.close();
  });

  describeInAnyBrowser("the browser's client", (stage) => {
    let server: Listening;
    let tab: Tab;
    beforeEach(async () => {
      const app: Express = express();
      const script = await bundleOnce(new URL("page.ts", import.meta.url));
      app.get("/page", (_req, res) => void res.type("html").send('<script src="/page.js"></script>'));
      app.get("/page.js", (_req, res) => void res.type("js").send(script));
      app.use(await (await import("./apollo.ts")).createApolloApp());
      app.use((await import("./trpc.ts")).createTrpcApp());
      server = await listen(app);
      tab = await stage().newTab();
      await tab.goto(`http://${stage().site}:${server.port}/page`);
    });
    // After the tab, whose connections it would wait for.
    afterAll(() => server.close());

    test("refreshes and repeats an operation of GraphQL once", async () => {
      await tab.evaluate(() => recipe.graphql(`mutation { signIn(name: "alice") }`));
      expect(await tab.evaluate(() => recipe.client.session())).toMatchObject({ userId: "alice" });
      clock.ahead += 20 * MINUTE;
      const answer = await tab.evaluate(() => recipe.graphql(`mutation { addNote(text: "milk") }`));
      expect(answer).toEqual({ data: { addNote: "milk" } });
      expect(notes).toEqual(["alice: milk"]);
    });

    test("refreshes and repeats a batch of tRPC once", async () => {
      await tab.evaluate(() => recipe.trpc.signIn.mutate("alice"));
      clock.ahead += 20 * MINUTE;
      const answers = await tab.evaluate(() =>
        Promise.all([recipe.trpc.addNote.mutate("milk"), recipe.trpc.addNote.mutate("honey")]),
      );
      expect(answers).toEqual(["milk", "honey"]);
      expect(notes).toEqual(["alice: milk", "alice: honey"]);
    });
  });
});

declare const recipe: RecipePage;

const linesOf = (code: string): readonly string[] =>
  code
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

const recipes = readdirSync(import.meta.dirname)
  .filter((file) => !file.endsWith(".test.ts"))
  .map((file) => linesOf(readFileSync(join(import.meta.dirname, file), "utf8")));
const guide = readFileSync(join(import.meta.dirname, "../../docs/guide/graphql-and-trpc.md"), "utf8");
const snippets = [...guide.matchAll(/^```ts recipe\n(.*?)^```$/gms)].map(([, code = ""]) => code);

test("there are snippets to compare", () => {
  expect(snippets.length).toBe(5);
});

test.each(snippets)("what the guide shows is what runs: %s", (snippet) => {
  const missing = recipes.map((lines) => linesOf(snippet).filter((line) => !lines.includes(line)));
  expect(missing.toSorted((a, b) => a.length - b.length)[0]).toEqual([]);
});
