/** The rules of the console, which know nothing of the framework. */
import { createSessions } from "counterfoil";
import { console as mountConsole } from "counterfoil/console";
import { memory } from "counterfoil/memory";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import express, { type Request } from "express";
import { getSession, sessionRoutes } from "counterfoil/express";
import { CONSOLE_APPS } from "../adapters/console-apps.ts";
import { openConsole } from "../adapters/test-console.ts";
import { listen } from "../fixtures/listen.ts";
import { switchable } from "../store/switchable-store.ts";
import { createBrowserJar } from "./browser-jar.ts";
import { send } from "./send.ts";

const subject = { open: CONSOLE_APPS["Express 5"] };
const ALICE = { "x-operator": "alice" };
const MINUTE = 60_000;

/** The page as a reader of HTML sees it. */
const textOf = (page: string): string =>
  page
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, " ");

const query = (fields: Readonly<Record<string, string>>): string =>
  `/counterfoil?${new URLSearchParams(fields).toString()}`;

describe("a user's id", () => {
  const IDS: readonly (readonly [what: string, id: string | number, shown: string])[] = [
    ["plain", "bob", '"bob" text'],
    ["a number", 42, "42 number"],
    ["the text of a number", "42", '"42" text'],
    ["a fraction", -1.5e-7, "-1.5e-7 number"],
    ["minus zero", -0, "-0 number"],
    ["HTML", `<script>alert(1)</script>"'&amp;`, String.raw`"<script>alert(1)</script>\"'&amp;" text`],
    ["an end of the attribute", '"><img src=x onerror=alert(1)>', String.raw`"\"><img src=x onerror=alert(1)>" text`],
    ["written from the right", "משתמש", '"משתמש" text'],
    ["a mark that turns the direction", "a\u202Egpj.b", String.raw`"a\u202egpj.b" text`],
    ["256 characters", "x".repeat(256), `"${"x".repeat(256)}" text`],
    ["256 of the longest", "\u{10FFFF}".repeat(128), `"${String.raw`\udbff\udfff`.repeat(128)}" text`],
    ["a line break and NUL", "a\n\0b", String.raw`"a\n\u0000b" text`],
    ["half a surrogate pair", "a\uD800", String.raw`"a\ud800" text`],
    ["a space that does not break", "a\u00A0b", String.raw`"a\u00a0b" text`],
    ["no width", "a\u200Bb", String.raw`"a\u200bb" text`],
    ["emoji", "😀", '"😀" text'],
    ["a percent sign and plus", "a%2Fb+c&d=e#f", '"a%2Fb+c&d=e#f" text'],
  ];

  test.each(IDS)("that is %s is found, shown exactly, and revoked", async (_, id, shown) => {
    const app = await openConsole(subject);
    await app.sessions.createNewSession(id);
    await app.sessions.createNewSession(id);
    const json = Object.is(id, -0) ? "-0" : JSON.stringify(id);
    const page = await app.get(query({ id: json, type: "JSON" }), ALICE);
    expect(textOf(page.text)).toContain(`Live sessions of ${shown}`);
    // Every tag and every attribute is ours.
    expect(page.text.match(/<(?:script|img)[^>]*>/g)).toEqual(['<script src="/counterfoil/console.js" defer>']);
    const action = /action="([^"]*do=revoke-all[^"]*)"/.exec(page.text)?.[1] ?? "";
    const done = await app.post(textOf(action), ALICE);
    expect(textOf(done.text)).toContain(`2 sessions of ${shown} revoked.`);
    expect(await app.sessions.getAllSessionHandlesForUser(id)).toEqual([]);
    expect(app.actions.map(({ action: name, userId, outcome }) => ({ name, userId, outcome }))).toEqual([
      { name: "list-sessions", userId: id, outcome: "done" },
      { name: "revoke-all-sessions", userId: id, outcome: "done" },
      { name: "list-sessions", userId: id, outcome: "done" },
    ]);
  });

  test.each([
    ["42", "text", '"42" text'],
    ["42", "number", "42 number"],
    ["42", "JSON", "42 number"],
    ['"42"', "JSON", '"42" text'],
    [" 1e3 ", "number", "1000 number"],
    ["42", "something else", '"42" text'],
  ])("typed as %s, of the type %s, means %s", async (id, type, shown) => {
    const app = await openConsole(subject);
    expect(textOf((await app.get(query({ id, type }), ALICE)).text)).toContain(`Live sessions of ${shown}`);
  });

  test.each([
    ["x", "number"],
    [" ", "number"],
    ["1e999", "number"],
    ["{", "JSON"],
    ["null", "JSON"],
    ['{"a":1}', "JSON"],
    ['""', "JSON"],
    ["x".repeat(257), "text"],
  ])("typed as %s, of the type %s, is none: the field says why, and keeps it", async (id, type) => {
    const app = await openConsole(subject);
    const page = await app.get(query({ id, type }), ALICE);
    expect(page.status).toBe(200);
    expect(page.text).toContain('aria-invalid="true"');
    expect(page.text).toMatch(/id="why">\s*[^<\s]/);
    expect(textOf(/name="id"\s+value="([^"]*)"/.exec(page.text)?.[1] ?? "").trim()).toBe(id.trim());
    expect(app.actions).toEqual([]);
  });
});

test("a slash at the end makes no difference", async () => {
  const app = await openConsole(subject);
  const bodies = await Promise.all(["/counterfoil", "/counterfoil/"].map((path) => app.get(path, ALICE)));
  expect(bodies[0]?.text).toContain("Session console");
  expect(bodies[1]?.text).toBe(bodies[0]?.text);
});

describe("the list", () => {
  test("shows devices and times, oldest last, a page at a time", async () => {
    const app = await openConsole(subject);
    for (let count = 0; count < 51; count += 1) {
      app.clock.now += 1000;
      const device = { label: `device ${count}`, ip: "203.0.113.7", userAgent: "Firefox/143.0 X11; Linux" };
      await app.sessions.createNewSession("bob", {}, {}, { device });
    }
    const first = await app.get(query({ id: "bob" }), ALICE);
    expect(first.text.match(/device \d+/g)).toEqual(Array.from({ length: 50 }, (_, index) => `device ${50 - index}`));
    expect(textOf(first.text)).toContain("203.0.113.0/24");
    expect(textOf(first.text)).toContain("Firefox on Linux");
    const next = /href="([^"]*after=[^"]*)"/.exec(first.text)?.[1] ?? "";
    const second = await app.get(textOf(next), ALICE);
    expect(second.text.match(/device \d+/g)).toEqual(["device 0"]);
    expect(second.text).not.toContain("after=");
  });

  test("names who acts for the user, and devices that are new", async () => {
    const app = await openConsole(subject, { session: { knownDevices: true } });
    const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
    await app.sessions.createNewSession("bob", {}, {}, { device: { userAgent: firefox } });
    expect((await app.get(query({ id: "bob" }), ALICE)).text).not.toContain("Actor");
    await app.sessions.createNewSession("bob", {}, {}, { device: { userAgent: "curl/8" } });
    const support = await app.sessions.createNewSession(42);
    await app.sessions.createNewSession("bob", {}, {}, { actor: { userId: 42, handle: support.session.handle } });
    const text = textOf((await app.get(query({ id: "bob" }), ALICE)).text);
    expect(text).toContain("Actor");
    expect(text).toContain("42 number");
    expect(text.match(/new device/g)).toHaveLength(1);
  });

  test("of nobody says so, and a handle that is gone or none changes nothing", async () => {
    const app = await openConsole(subject);
    expect(textOf((await app.get(query({ id: "bob" }), ALICE)).text)).toContain("No live session.");
    const { session } = await app.sessions.createNewSession("bob");
    await app.sessions.revokeSessionUsingSessionHandle(session.handle);
    app.actions.length = 0;
    const gone = await app.post(query({ do: "revoke", handle: session.handle }), ALICE);
    expect([gone.status, textOf(gone.text)]).toEqual([200, expect.stringContaining("it has ended before")]);
    expect(app.actions).toEqual([
      { operator: "alice", action: "revoke-session", handle: session.handle, outcome: "nothing" },
    ]);
    await app.post(query({ do: "revoke", handle: "<b>" }), ALICE);
    expect(app.actions).toHaveLength(1);
    expect((await app.post(query({ user: '"bob"', do: "drop" }), ALICE)).status).toBe(400);
    expect((await app.post(query({ do: "revoke-all" }), ALICE)).status).toBe(400);
  });

  test("an action without a name of the operator has none in its event", async () => {
    const app = await openConsole(subject, {}, { decide: () => true });
    const page = await app.post(query({ do: "rotate-key" }));
    expect(textOf(page.text)).toContain("Authorized by the app");
    expect(app.actions).toEqual([
      { operator: null, action: "rotate-key", kid: expect.stringMatching(/^[\w-]{11}$/), outcome: "done" },
    ]);
  });

  test("the name of the operator is cut, and escaped", async () => {
    const app = await openConsole(subject, {}, { decide: () => "<i>".repeat(1000) });
    const page = await app.get("/counterfoil");
    expect(page.text).not.toContain("<i>");
    await app.get(query({ id: "bob" }));
    expect(app.actions[0]?.operator?.length).toBeLessThanOrEqual(256);
  });
});

describe("keys and reuse", () => {
  test("keys are listed with their states and ages, and rotated; no secret is on the page", async () => {
    const app = await openConsole(subject);
    const before = await app.get("/counterfoil", ALICE);
    expect(textOf(before.text).match(/active: signs|pending: signs later|retired/g)).toEqual(["active: signs"]);
    const after = await app.post(query({ do: "rotate-key" }), ALICE);
    const kid = app.actions[0]?.kid ?? "";
    expect(textOf(after.text)).toContain(`The next key is ${kid}`);
    expect(textOf(after.text).match(/active: signs|pending: signs later|retired/g)).toEqual([
      "pending: signs later",
      "active: signs",
    ]);
    app.clock.now += 2 * 24 * 60 * MINUTE;
    const later = await app.get("/counterfoil", ALICE);
    expect(textOf(later.text)).toContain("2 d ago");
    expect(textOf(later.text)).toContain("retired: only verifies");
    expect(textOf(later.text)).toContain("Lag of the revocation feed unknown");
    expect(textOf(later.text)).toContain("Store memory");
  });

  test("a reused token is listed with both sides, as this process has seen it since its start", async () => {
    const app = await openConsole(subject, { rotation: { window: "5s" } });
    const { refreshToken } = await app.sessions.createNewSession("bo<b>", {}, {}, { device: { label: "Phone <b>" } });
    let token = refreshToken.value;
    for (let count = 0; count < 4; count += 1) {
      app.clock.now += 30_000;
      token = (await app.sessions.refreshSession(token)).newRefreshToken.value;
    }
    expect(textOf((await app.get("/counterfoil", ALICE)).text)).toContain("None was seen.");
    const thief = { ip: "198.51.100.7", userAgent: "curl/8" };
    await expect(app.sessions.refreshSession(refreshToken.value, { device: thief })).rejects.toThrow("theft");
    app.clock.now += 3 * MINUTE;
    const page = await app.get("/counterfoil", ALICE);
    const text = textOf(page.text);
    expect(text).toContain("3 min ago");
    expect(text).toContain('"bo<b>" text');
    for (const fact of ["Phone <b>", "198.51.100.0/24", "curl", "revoked", "superseded", "since 2026-"])
      expect(text).toContain(fact);
    expect(page.text).not.toContain("<b>");
  });

  test("an instance that `init` makes later is watched from then on", async () => {
    const admin = mountConsole({ authorize: () => true });
    const server = await listen((request, response) => {
      admin.node(request, response, (error) => void response.end(String((error as { code?: string }).code)));
    });
    onTestFinished(server.close);
    expect((await send(server.port, { path: "/counterfoil" })).text).toBe("NOT_INITIALISED");
  });
});

describe("an outage", () => {
  test("leaves a page that says so, and what memory has", async () => {
    const { store, down, up } = switchable(memory({ production: true }));
    const app = await openConsole(subject, { store });
    const { session } = await app.sessions.createNewSession("bob");
    down();
    for (const page of [
      await app.get(query({ id: "bob" }), ALICE),
      await app.post(query({ user: '"bob"', do: "revoke", handle: session.handle }), ALICE),
      await app.post(query({ do: "rotate-key" }), ALICE),
    ]) {
      expect(page.status).toBe(503);
      expect(page.text.match(/role="alert"/g)).toHaveLength(1);
      expect(textOf(page.text)).toContain("STORE_UNAVAILABLE");
      expect(textOf(page.text)).toContain("None was seen.");
    }
    expect(app.actions.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      "list-sessions failed",
      "revoke-session failed",
      "list-sessions failed",
      "rotate-key failed",
    ]);
    up();
  });
});

test.each<readonly [options: unknown, message: RegExp]>([
  [undefined, /console\.authorize: .*write authorize.*\[MISSING\]/],
  [{}, /console\.authorize: .*\[MISSING\]/],
  [{ authorize: undefined }, /console\.authorize: .*\[MISSING\]/],
  [{ authorize: true }, /console\.authorize: .*\[WRONG_TYPE\]/],
  [{ authorize: () => true, path: "admin" }, /console\.path: .*\[OUT_OF_RANGE\]/],
  [{ authorize: () => true, path: "/" }, /console\.path: .*\[OUT_OF_RANGE\]/],
  [{ authorize: () => true, maxAuthAge: "10" }, /console\.maxAuthAge: .*\[WRONG_TYPE\]/],
  [{ authorise: () => true }, /console\.authorise: .*did you mean authorize\?.*\[UNKNOWN_OPTION\]/],
])("options %j are refused by name", (options, message) => {
  expect(() => mountConsole(options as never)).toThrow(message);
});

describe("an operator whose own sign-in is a session of this instance", () => {
  const OWN = { "sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
  let app: Awaited<ReturnType<typeof openApp>>;

  async function openApp() {
    const clock = { now: Date.now() };
    const sessions = createSessions({ store: memory(), clock: () => clock.now, cookie: { secure: false } });
    const admin = mountConsole({
      sessions,
      async authorize(request: Request, response: express.Response) {
        const own = await getSession(request, response, { sessions, sessionRequired: false, antiCsrfCheck: false });
        return own?.getUserId() === "alice" && "alice";
      },
    });
    const served = express().use(sessionRoutes({ sessions })).use(admin.node);
    const { port, close } = await listen(served);
    onTestFinished(async () => {
      await close();
      await sessions.close();
    });
    const jar = createBrowserJar("127.0.0.1");
    const { session, ...tokens } = await sessions.createNewSession("alice");
    const names = sessions.cookieNames;
    return { clock, sessions, port, jar, tokens, names, session };
  }

  beforeEach(async () => {
    app = await openApp();
  });

  const ask = (method: string, path: string, cookie: string) =>
    send(app.port, { method, path, headers: { ...OWN, cookie, accept: "text/html" } });
  const cookies = (): string =>
    `${app.names.access}=${app.tokens.accessToken.value}; ${app.names.marker}=1.${app.session.handle}.1.1.1`;

  test("is let in, and a change whose access token has expired goes through the refresh route, to be asked again", async () => {
    const { session } = await app.sessions.createNewSession("bob");
    expect((await ask("GET", "/counterfoil", cookies())).status).toBe(200);
    app.clock.now += 16 * MINUTE;
    for (const [method, back] of [
      ["POST", "/counterfoil?user=%22bob%22&retry=1"],
      ["GET", query({ user: '"bob"', do: "revoke", handle: session.handle })],
    ] as const) {
      const path = query({ user: '"bob"', do: "revoke", handle: session.handle });
      const answer = await ask(method, path, cookies());
      expect([answer.status, answer.header("location")]).toEqual([
        303,
        `/session/refresh?to=${encodeURIComponent(back)}`,
      ]);
    }
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
    const { newAccessToken } = await app.sessions.refreshSession(app.tokens.refreshToken.value);
    const fresh = `${app.names.access}=${newAccessToken.value}`;
    const again = await ask("GET", `/counterfoil?user=%22bob%22&retry=1&session-refreshed=${app.clock.now}`, fresh);
    expect(textOf(again.text)).toContain("Press the button again");
  });

  test("whose session was revoked changes nothing any more, although its access token has not expired", async () => {
    const { session } = await app.sessions.createNewSession("bob");
    await app.sessions.revokeSessionUsingSessionHandle(app.session.handle);
    const answer = await ask("POST", query({ user: '"bob"', do: "revoke", handle: session.handle }), cookies());
    // Only the refresh route clears the cookies.
    expect([answer.status, answer.header("location")?.replace(/\?.*/, "")]).toEqual([303, "/session/refresh"]);
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
  });

  test("for whom somebody else acts changes nothing, whatever authorize makes of the session", async () => {
    const { session } = await app.sessions.createNewSession("bob");
    const support = await app.sessions.createNewSession("support");
    const actor = { userId: "support", handle: support.session.handle };
    const acted = await app.sessions.createNewSession("alice", {}, {}, { actor });
    const cookie = `${app.names.access}=${acted.accessToken.value}; ${app.names.marker}=1.${acted.session.handle}.1.1.1`;
    for (const change of [
      { user: '"bob"', do: "revoke", handle: session.handle },
      { user: '"bob"', do: "revoke-all" },
      { do: "rotate-key" },
    ]) {
      const answer = await ask("POST", query(change), cookie);
      expect(answer.status).toBe(403);
      expect(textOf(answer.text)).toContain("Nothing was changed: you act for somebody else here.");
    }
    expect(await app.sessions.getAllSessionHandlesForUser("bob")).toHaveLength(1);
  });

  test("who is told by authorize that the session has ended is sent through the refresh route, once", async () => {
    const sessions = createSessions({ store: memory(), cookie: { secure: false } });
    const admin = mountConsole({
      sessions,
      async authorize() {
        await sessions.getSessionData("gone");
        return true;
      },
    });
    const { port, close } = await listen(express().use(admin.node));
    onTestFinished(async () => {
      await close();
      await sessions.close();
    });
    const get = (path: string) => send(port, { path, headers: { ...OWN, accept: "text/html" } });
    expect((await get("/counterfoil")).header("location")).toBe("/session/refresh?to=%2Fcounterfoil");
    // It has just been there.
    expect((await get(`/counterfoil?session-refreshed=${Date.now()}`)).status).toBe(401);
  });

  test("a user who is none is sent nowhere", async () => {
    const { accessToken } = await app.sessions.createNewSession("bob");
    for (const method of ["GET", "POST"])
      expect((await ask(method, "/counterfoil", `${app.names.access}=${accessToken.value}`)).status).toBe(404);
  });
});
