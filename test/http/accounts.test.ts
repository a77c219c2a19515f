/**
 * The recipes of docs/guide/accounts.md over HTTP, with the cookies of one browser: several
 * accounts side by side, and an actor beside the own session.
 */
import { type CounterfoilConfig, createSessions, type SessionEventName, type Sessions } from "counterfoil";
import { errorHandler, sessionsFor } from "counterfoil/express";
import { memory, type SessionStore } from "counterfoil/memory";
import express, { type Application } from "express";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../fixtures/listen.ts";
import { type BrowserJar, createBrowserJar } from "./browser-jar.ts";
import { HOUR, MINUTE, START } from "../fixtures/constants.ts";
import { type RawResponse, send } from "./send.ts";

interface Claims {
  readonly role: "member" | "support";
}

const SECRET = "one secret for all accounts, 32 characters";

class Browser {
  readonly store: SessionStore = memory();
  readonly jar: BrowserJar = createBrowserJar("shop.example");
  readonly events: (readonly [SessionEventName, object])[] = [];
  readonly warnings: string[] = [];
  readonly app: Application = express();
  readonly #antiCsrf = new Map<string, string>();
  now = START;
  #port = 0;

  constructor() {
    const note = ({ name, message }: Error): void => {
      if (name === "CounterfoilNotice") this.warnings.push(message);
    };
    process.on("warning", note);
    onTestFinished(() => void process.off("warning", note));
  }

  instance(config: CounterfoilConfig): Sessions<Claims> {
    const shared = { store: this.store, secret: SECRET, clock: () => this.now, preset: "standard" } as const;
    const sessions = createSessions<Claims>({ ...shared, ...config });
    for (const name of ["session-created", "session-refreshed", "session-revoked"] as const)
      sessions.on(name, (event) => void this.events.push([name, event]));
    return sessions;
  }

  async start(): Promise<void> {
    this.app.use(errorHandler());
    const server = await listen(this.app);
    this.#port = server.port;
    onTestFinished(() => server.close());
  }

  /**
   * A call of the page of an account.
   *
   * @param learns the account whose page takes the anti-CSRF token of the response
   */
  async ask(account: string, method: "GET" | "POST", path: string, learns = account): Promise<RawResponse> {
    const headers = {
      host: "shop.example",
      cookie: this.jar.header(path),
      "anti-csrf": this.#antiCsrf.get(account) ?? "none",
    };
    const response = await send(this.#port, { method, path, headers });
    this.jar.take(response);
    const antiCsrf = response.header("anti-csrf");
    if (antiCsrf !== undefined) this.#antiCsrf.set(learns, antiCsrf);
    return response;
  }

  /** Uses the anti-CSRF token of another account. */
  swapAntiCsrf(account: string, other: string): void {
    this.#antiCsrf.set(account, this.#antiCsrf.get(other) ?? "");
  }
}

const ACCOUNTS = ["a", "b"] as const;

async function openAccounts(): Promise<{ browser: Browser; instances: readonly Sessions<Claims>[] }> {
  const browser = new Browser();
  const instances = ACCOUNTS.map((name) =>
    browser.instance({
      cookie: { prefix: `${name}_` },
      http: { basePath: `/${name}` },
      tokens: { accessToken: { audience: name } },
    }),
  );
  for (const sessions of instances) browser.app.use(sessionsFor(sessions).sessionRoutes());
  for (const [index, name] of ACCOUNTS.entries()) {
    const { createNewSession, verifySession, sessionOf } = sessionsFor(instances[index] ?? expect.fail("no instance"));
    const routes = express.Router();
    routes.post("/login", async (request, response) => {
      const { user } = request.query as { readonly user: string };
      await createNewSession(request, response, user, { jwtPayload: { role: "member" } });
      response.json({ ok: true });
    });
    routes.all("/me", verifySession(), (request, response) => {
      response.json({ user: sessionOf(request).getUserId() });
    });
    browser.app.use(`/${name}`, routes);
  }
  await browser.start();
  await browser.ask("a", "POST", "/a/login?user=alice");
  await browser.ask("b", "POST", "/b/login?user=bob");
  browser.events.length = 0;
  return { browser, instances };
}

const rowsOf = async (browser: Browser): Promise<readonly unknown[]> =>
  Promise.all(["alice", "bob"].map((user) => browser.store.listSessionsOfUser(JSON.stringify(user), 0, { limit: 10 })));

test("switching between accounts lengthens no session, mints none, and sets no cookie", async () => {
  const { browser } = await openAccounts();
  const before = await rowsOf(browser);
  for (let turn = 0; turn < 10; turn += 1) {
    browser.now += MINUTE;
    for (const [name, user] of [
      ["a", "alice"],
      ["b", "bob"],
    ] as const) {
      for (const method of ["GET", "POST"] as const) {
        const response = await browser.ask(name, method, `/${name}/me`);
        expect([response.status, response.json(), response.cookies]).toEqual([200, { user }, []]);
      }
      const listed = (await browser.ask(name, "GET", `/${name}/session/sessions`)).json();
      expect(listed).toMatchObject({ sessions: [{ current: true, createdAt: START }] });
    }
  }
  expect([await rowsOf(browser), browser.events, browser.warnings]).toEqual([before, [], []]);
});

test("an account that is not used ends in its time, while the other one is refreshed", async () => {
  const { browser } = await openAccounts();
  const [, bob] = await rowsOf(browser);
  for (let turn = 0; turn < 3; turn += 1) {
    browser.now += 15 * MINUTE;
    expect((await browser.ask("a", "POST", "/a/session/refresh")).status).toBe(200);
  }
  expect((await rowsOf(browser))[1]).toEqual(bob);
  browser.now += 15 * MINUTE;
  expect(browser.now).toBe(START + HOUR);
  expect((await browser.ask("a", "POST", "/a/session/refresh")).status).toBe(200);
  expect((await browser.ask("b", "GET", "/b/me")).status).toBe(401);
  const over = await browser.ask("b", "POST", "/b/session/refresh");
  expect([over.status, over.cookies.every((line) => /^(?:__Host-)?b_/.test(line))]).toEqual([401, true]);
  expect((await browser.ask("a", "GET", "/a/me")).json()).toEqual({ user: "alice" });
});

test("what belongs to one account is nothing to the other", async () => {
  const { browser, instances } = await openAccounts();
  const [a, b] = instances.map(({ cookieNames }) => cookieNames);
  browser.swapAntiCsrf("b", "a");
  expect((await browser.ask("b", "POST", "/b/me")).status).toBe(401);
  // The cookies of one account under the names of the other.
  for (const [kind, path] of [
    ["access", "/b/me"],
    ["refresh", "/b/session/refresh"],
  ] as const) {
    const from = new RegExp(`${a?.[kind] ?? ""}=([^;]+)`).exec(browser.jar.header(path.replace("/b", "/a")))?.[1] ?? "";
    expect(from).not.toBe("");
    browser.jar.put({ name: b?.[kind] ?? "", value: from, domain: undefined, path: kind === "access" ? "/" : path });
    expect((await browser.ask("b", kind === "access" ? "GET" : "POST", path)).status).toBe(401);
  }
  expect((await browser.ask("a", "GET", "/a/me")).json()).toEqual({ user: "alice" });
});

test("signing out of one account, and in with another user, leaves the other account alone", async () => {
  const { browser } = await openAccounts();
  const [, bob] = await rowsOf(browser);
  expect((await browser.ask("a", "POST", "/a/session/signout")).status).toBe(200);
  expect((await browser.ask("a", "GET", "/a/me")).status).toBe(401);
  await browser.ask("a", "POST", "/a/login?user=carol");
  await browser.ask("a", "POST", "/a/login?user=bob");
  expect((await browser.ask("a", "GET", "/a/me")).json()).toEqual({ user: "bob" });
  expect((await rowsOf(browser))[1]).toEqual(expect.arrayContaining(bob as unknown[]));
  expect((await browser.ask("b", "GET", "/b/me")).json()).toEqual({ user: "bob" });
  expect(browser.events.map(([name, { reason }]: readonly [string, { reason?: unknown }]) => [name, reason])).toEqual([
    ["session-revoked", "sign-out"],
    ["session-created", undefined],
    ["session-revoked", "signed-in-again"],
    ["session-created", undefined],
  ]);
});

test("an actor acts beside the own session, which is neither lengthened nor ended", async () => {
  const browser = new Browser();
  const [ownSessions, actingSessions] = [
    browser.instance({}),
    browser.instance({ cookie: { prefix: "as_" }, http: { basePath: "/as" } }),
  ];
  const [own, acting] = [sessionsFor(ownSessions), sessionsFor(actingSessions)];
  const { app } = browser;
  app.use(own.sessionRoutes());
  app.use(acting.sessionRoutes());
  app.post("/login", async (request, response) => {
    await own.createNewSession(request, response, "support", { jwtPayload: { role: "support" } });
    response.json({ ok: true });
  });
  app.all("/me", own.verifySession(), (request, response) => {
    response.json({ user: own.sessionOf(request).getUserId() });
  });
  app.post("/support/act/:user", own.verifySession({ refuseActor: true }), async (request, response) => {
    const { user } = request.params;
    const actor = own.sessionOf(request);
    await acting.createNewSession(request, response, user, { jwtPayload: { role: "member" }, actor });
    response.json({ ok: true });
  });
  app.get("/as/me", acting.verifySession(), (request, response) => {
    const session = acting.sessionOf(request);
    response.json({ user: session.getUserId(), actor: session.getActor()?.userId });
  });
  app.post("/as/password", acting.verifySession({ refuseActor: true }), (_request, response) => {
    response.json({ changed: true });
  });
  await browser.start();
  await browser.ask("own", "POST", "/login");
  const supportRows = (): Promise<unknown> => browser.store.listSessionsOfUser('"support"', 0, { limit: 10 });
  const before = await supportRows();
  browser.now += MINUTE;
  // Our client takes nothing of it for the own session, whose marker is still there.
  await browser.ask("own", "POST", "/support/act/alice", "as");
  expect((await browser.ask("as", "GET", "/as/me")).json()).toEqual({ user: "alice", actor: "support" });
  expect((await browser.ask("as", "POST", "/as/password")).status).toBe(403);
  expect((await browser.ask("own", "POST", "/me")).json()).toEqual({ user: "support" });
  expect((await browser.ask("as", "POST", "/as/session/refresh")).status).toBe(200);
  expect(await supportRows()).toEqual(before);
  expect(browser.warnings).toEqual([]);

  // The own session ends, and with it the other one.
  await ownSessions.revokeAllSessionsForUser("support");
  const over = await browser.ask("as", "POST", "/as/session/refresh");
  expect([over.status, over.cookies.length, over.cookies.every((line) => /^(?:__Host-)?as_/.test(line))]).toEqual([
    401,
    3,
    true,
  ]);
  expect(browser.events.at(-1)).toMatchObject(["session-revoked", { userId: "alice", reason: "actor-ended" }]);
});
