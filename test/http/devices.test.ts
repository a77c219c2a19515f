import { describe, expect, test } from "vitest";
import {
  alive,
  apiCookies,
  clearedOf,
  type Credentials,
  credentialsOf,
  DAY,
  FRAMEWORKS,
  MINUTE,
  refresh,
  refreshCookies,
  SECOND,
  signIn,
  START,
  startApp,
  type TestApp,
} from "./fixtures.ts";
import type { RawResponse } from "./send.ts";

const listed = (app: TestApp, own: Credentials): Promise<RawResponse> =>
  app.send({ path: "/session/sessions", headers: { cookie: apiCookies(own) } });

const revoke = (app: TestApp, own: Credentials, query: string): Promise<RawResponse> =>
  app.send({
    method: "POST",
    path: `/session/sessions/revoke${query}`,
    headers: { cookie: apiCookies(own), "anti-csrf": own.antiCsrf },
  });

/** @param label as it stands in the header */
const rename = (app: TestApp, own: Credentials, query: string, label?: string): Promise<RawResponse> =>
  app.send({
    method: "POST",
    path: `/session/sessions/rename${query}`,
    headers: { cookie: apiCookies(own), "anti-csrf": own.antiCsrf, "counterfoil-label": label },
  });

describe.each(FRAMEWORKS)("own devices in $name", ({ express }) => {
  test("the list: the user's own live sessions, newest first, the current one marked, and nothing secret", async () => {
    await using app = await startApp({ express, config: { session: { idleTimeout: "30d" } } });
    const phone = await signIn(app, "user=alice&label=Phone", { "user-agent": "Mozilla/5.0 (iPhone) Safari/605" });
    app.clock.now += MINUTE;
    const laptop = await signIn(app, "user=alice", { "user-agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0" });
    await signIn(app, "user=ALICE");
    await signIn(app, "user=bob");
    app.clock.now += MINUTE;
    await refresh(app, phone);

    const answer = await listed(app, laptop);
    expect([answer.status, answer.header("cache-control"), answer.cookies]).toEqual([200, "no-store", []]);
    expect(answer.json()).toEqual({
      sessions: [
        {
          handle: laptop.handle,
          current: true,
          createdAt: START + MINUTE,
          lastSeenAt: START + MINUTE,
          expiresAt: START + MINUTE + 30 * DAY,
          device: { ip: "127.0.0.0/24", userAgent: "Firefox on Linux" },
          binding: null,
        },
        {
          handle: phone.handle,
          current: false,
          createdAt: START,
          lastSeenAt: START + 2 * MINUTE,
          expiresAt: START + 2 * MINUTE + 30 * DAY,
          device: { ip: "127.0.0.0/24", userAgent: "Safari on iPhone", label: "Phone" },
          binding: null,
        },
      ],
    });
  });

  test("a refresh tells where a device is used now; what the app named it stays", async () => {
    await using app = await startApp({ express });
    const own = await signIn(app, "user=alice&label=Phone", { "user-agent": "Mozilla/5.0 (iPhone) Safari/605" });
    const headers = { cookie: refreshCookies(own), "user-agent": "Mozilla/5.0 (iPhone) CriOS/130.0" };
    await app.send({ method: "POST", path: "/session/refresh", headers });
    const [session] = await app.sessions.getSessionsForUser("alice");
    expect(session?.device).toEqual({ ip: "127.0.0.0/24", userAgent: "Chrome on iPhone", label: "Phone" });
  });

  test("one other session, by its handle", async () => {
    await using app = await startApp({ express });
    const [own, other, third] = [await signIn(app), await signIn(app), await signIn(app)];
    const answer = await revoke(app, own, `?handle=${other.handle}`);
    expect([answer.status, answer.json(), answer.cookies]).toEqual([200, { revoked: 1 }, []]);
    expect(await alive(app, own, other, third)).toEqual([true, false, true]);
    expect((await revoke(app, own, `?handle=${other.handle}`)).json(), "again").toEqual({ revoked: 0 });
  });

  test("all others", async () => {
    await using app = await startApp({ express });
    const [own, other, third] = [await signIn(app), await signIn(app), await signIn(app)];
    const bob = await signIn(app, "user=bob");
    expect((await revoke(app, own, "?others=true")).json()).toEqual({ revoked: 2 });
    expect(await alive(app, own, other, third, bob)).toEqual([true, false, false, true]);
  });

  test("the own one: like signing out", async () => {
    await using app = await startApp({ express });
    const own = await signIn(app);
    const answer = await revoke(app, own, `?handle=${own.handle}`);
    expect([answer.status, answer.json(), answer.cookies]).toEqual([200, { revoked: 1 }, clearedOf(own)]);
    expect(await alive(app, own)).toEqual([false]);
  });

  test("a name: given, cut at 100 characters, removed, and listed", async () => {
    await using app = await startApp({ express });
    const own = await signIn(app, "user=alice&label=Phone");
    const other = await signIn(app);
    const label = async (of: Credentials): Promise<unknown> =>
      (await app.sessions.getSessionsForUser("alice")).find(({ handle }) => handle === of.handle)?.device.label;
    expect([await label(own), await label(other)]).toEqual(["Phone", undefined]);
    const steps = [
      [own, "Ünder 🪜 & co", "Ünder 🪜 & co"],
      [other, "Laptop", "Laptop"],
      [other, "x".repeat(200), "x".repeat(100)],
      [own, "a\0b", "a\ufffdb"],
      [own, "", null],
      [other, undefined, null],
    ] as const;
    for (const [of, given, kept] of steps) {
      const answer = await rename(app, own, `?handle=${of.handle}`, given && encodeURIComponent(given));
      expect([answer.status, answer.json(), answer.cookies]).toEqual([200, { renamed: 1, label: kept }, []]);
      expect(await label(of)).toBe(kept ?? undefined);
    }
    expect(await alive(app, own, other)).toEqual([true, true]);
  });

  test("a name for somebody else's session, one that is gone or none: nothing is renamed", async () => {
    await using app = await startApp({ express });
    const [own, bob, gone] = [await signIn(app), await signIn(app, "user=bob&label=Phone"), await signIn(app)];
    await revoke(app, own, `?handle=${gone.handle}`);
    for (const handle of [bob.handle, gone.handle, "A".repeat(24), "", "x".repeat(5000), "%00"])
      expect((await rename(app, own, `?handle=${handle}`, "x")).json()).toEqual({ renamed: 0 });
    expect((await app.sessions.getSessionsForUser("bob"))[0]?.device.label).toBe("Phone");
    expect((await rename(app, own, "", "x")).status).toBe(400);
    const path = `/session/sessions/rename?handle=${own.handle}`;
    expect((await app.send({ method: "POST", path, headers: { cookie: apiCookies(own) } })).status).toBe(401);
    expect((await app.send({ path, headers: { cookie: apiCookies(own) } })).status).toBe(405);
    await app.sessions.revokeAllSessionsForUser("alice");
    expect((await rename(app, own, `?handle=${own.handle}`, "x")).status).toBe(401);
  });

  test.each(["%", "%ZZ", "%ff", "100 %", "x".repeat(4097)])("the header %j is no label: 400", async (label) => {
    await using app = await startApp({ express });
    const own = await signIn(app, "user=alice&label=Phone");
    const answer = await rename(app, own, `?handle=${own.handle}`, label);
    expect([answer.status, answer.json()]).toEqual([400, { message: "counterfoil-label takes an encoded label" }]);
    expect((await app.sessions.getSessionsForUser("alice"))[0]?.device.label).toBe("Phone");
  });

  test("somebody else's handle and one that does not exist get the same answer, and end nothing", async () => {
    await using app = await startApp({ express });
    const [own, bob] = [await signIn(app), await signIn(app, "user=bob")];
    const answers: string[] = [];
    for (const handle of [bob.handle, "A".repeat(24), "", "x".repeat(5000), "%00"]) {
      const answer = await revoke(app, own, `?handle=${handle}`);
      answers.push(`${answer.status} ${answer.text} ${answer.cookies.length}`);
    }
    expect(new Set(answers)).toEqual(new Set(['200 {"revoked":0} 0']));
    expect(await alive(app, own, bob)).toEqual([true, true]);
  });

  test.each(["", "?", "?others=1", "?others=false", "?Handle=x"])("the query %j names nothing: 400", async (query) => {
    await using app = await startApp({ express });
    const [own, other] = [await signIn(app), await signIn(app)];
    expect((await revoke(app, own, query)).status).toBe(400);
    expect(await alive(app, own, other)).toEqual([true, true]);
  });

  test.each(["?others=true", "?handle=x"])("ending %s needs a session and its anti-CSRF token", async (query) => {
    await using app = await startApp({ express });
    const [own, other] = [await signIn(app), await signIn(app)];
    const nobody = { ...own, access: "" };
    expect((await revoke(app, nobody, query)).status).toBe(401);
    expect((await revoke(app, { ...own, antiCsrf: other.antiCsrf }, query)).status).toBe(401);
    expect(await alive(app, own, other)).toEqual([true, true]);
  });

  test("revokeMaxAuthAge: a sign-in that is older may list, but end nothing", async () => {
    await using app = await startApp({ express, routes: { revokeMaxAuthAge: "10m" } });
    const [own, other] = [await signIn(app), await signIn(app)];
    app.clock.now += 10 * MINUTE;
    expect((await revoke(app, own, "?handle=x")).status).toBe(200);
    app.clock.now += SECOND;
    for (const query of ["?others=true", `?handle=${other.handle}`, `?handle=${own.handle}`]) {
      const answer = await revoke(app, own, query);
      expect([answer.status, answer.json()]).toEqual([401, { message: "insufficient_user_authentication" }]);
      expect(answer.header("www-authenticate")).toBe('Bearer error="insufficient_user_authentication", max_age="600"');
    }
    expect((await listed(app, own)).status).toBe(200);
    expect(await alive(app, own, other)).toEqual([true, true]);
    // A refresh is no sign-in.
    const refreshed = credentialsOf(await refresh(app, own), own);
    expect((await revoke(app, refreshed, "?others=true")).status).toBe(401);
  });

  test("a revokeMaxAuthAge that is none is refused when the routes are made", async () => {
    const starting = startApp({ express, routes: { revokeMaxAuthAge: "10" as "10m" } });
    await expect(starting).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  test("a session that has ended neither lists nor ends the others of its user", async () => {
    await using app = await startApp({ express });
    const [stolen, own] = [await signIn(app), await signIn(app)];
    await revoke(app, own, "?others=true");
    expect([(await listed(app, stolen)).status, (await revoke(app, stolen, "?others=true")).status]).toEqual([
      401, 401,
    ]);
    expect(await alive(app, own)).toEqual([true]);
  });

  describe("a user with more sessions than one response holds", () => {
    interface Listed {
      readonly sessions: readonly { readonly handle: string; readonly current: boolean }[];
      readonly next?: string;
    }
    const page = (app: TestApp, own: Credentials, query: string): Promise<RawResponse> =>
      app.send({ path: `/session/sessions${query}`, headers: { cookie: apiCookies(own) } });

    /** The oldest session is the one that asks; some are of one time. */
    async function startWith(count: number) {
      const app = await startApp({ express, config: { session: { maxPerUser: false } } });
      const own = await signIn(app);
      app.clock.now += MINUTE;
      for (let index = 1; index < count; index += 1) {
        if (index % 3 === 0) app.clock.now += 1;
        await app.sessions.createNewSession("alice");
      }
      await app.sessions.createNewSession("bob");
      const { takeCalls } = app.store;
      takeCalls();
      return { app, own, takeCalls };
    }

    test("gets 100 and a cursor, page by page, each session once", async () => {
      const { app, own, takeCalls } = await startWith(205);
      await using _ = app;
      const pages: Listed[] = [];
      for (let query = ""; ;) {
        const answer = await page(app, own, query);
        expect([answer.status, answer.header("cache-control"), answer.cookies]).toEqual([200, "no-store", []]);
        const one = answer.json() as Listed;
        pages.push(one);
        if (one.next === undefined) break;
        expect(one.next).toMatch(/^\d{13}\.[\w-]{24}$/);
        query = `?after=${one.next}`;
      }
      // A page without the session that asks looks it up by itself.
      const withOwn = ["listSessionsOfUser"];
      expect(takeCalls()).toEqual([...withOwn, "findSession", ...withOwn, "findSession", ...withOwn]);
      expect(pages.map(({ sessions }) => sessions.length)).toEqual([100, 100, 5]);
      const handles = pages.flatMap(({ sessions }) => sessions.map(({ handle }) => handle));
      expect(handles).toEqual(await app.sessions.getAllSessionHandlesForUser("alice"));
      const current = pages.flatMap(({ sessions }) => sessions.filter((one) => one.current));
      expect(current.map(({ handle }) => handle)).toEqual([own.handle]);
    });

    test("100 are one page, without a cursor", async () => {
      const { app, own } = await startWith(100);
      await using _ = app;
      const { sessions, ...rest } = (await page(app, own, "")).json() as Listed;
      expect([sessions.length, rest]).toEqual([100, {}]);
    });

    test("ending one reads two rows, whatever there are; ending itself reads one", async () => {
      const { app, own, takeCalls } = await startWith(150);
      await using _ = app;
      const [handle = ""] = await app.sessions
        .getAllSessionHandlesForUser("alice", { limit: 1 })
        .then((p) => p.handles);
      takeCalls();
      expect((await revoke(app, own, `?handle=${handle}`)).json()).toEqual({ revoked: 1 });
      expect(takeCalls()).toEqual(["findSession", "findSession", "deleteSession"]);
      expect((await revoke(app, own, "?handle=of-nobody")).json()).toEqual({ revoked: 0 });
      expect(takeCalls(), "a text that is no handle is not looked for").toEqual(["findSession"]);
      expect((await revoke(app, own, "?others=true")).json()).toEqual({ revoked: 148 });
      expect(takeCalls()).toEqual(["findSession", "deleteSessionsOfUser"]);
      expect((await revoke(app, own, `?handle=${own.handle}`)).json()).toEqual({ revoked: 1 });
      expect(takeCalls()).toEqual(["findSession", "deleteSession"]);
    });

    test("a session that has ended gets no page, neither one with the others nor an empty one", async () => {
      const { app, own } = await startWith(3);
      await using _ = app;
      await app.sessions.revokeSessionUsingSessionHandle(own.handle);
      const end = `1.${own.handle}`;
      for (const query of ["", `?after=${end}`]) expect((await page(app, own, query)).status).toBe(401);
    });

    test("a cursor that is none is refused before the store is asked", async () => {
      const { app, own, takeCalls } = await startWith(1);
      await using _ = app;
      const handle = own.handle;
      const texts = ["", "1", ".", "x", `.${handle}`, `1${handle}`, `-1.${handle}`, `1e3.${handle}`, `%201.${handle}`];
      const long = [`1.${handle}A`, `1.${handle.slice(1)}`, `12345678901234567.${handle}`, `1.${"A".repeat(9000)}`];
      for (const text of [...texts, ...long, `9007199254740993.${handle}`, `1.${handle}%00`, `1.${handle}%0A`]) {
        const answer = await page(app, own, `?after=${text}`);
        const body = { message: "?after= takes the next of the page before" };
        expect([text, answer.status, answer.json()]).toEqual([text, 400, body]);
      }
      expect(takeCalls()).toEqual([]);
    });
  });
});
