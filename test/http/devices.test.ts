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
import type { Answer } from "./send.ts";

const listed = (app: TestApp, own: Credentials): Promise<Answer> =>
  app.send({ path: "/session/sessions", headers: { cookie: apiCookies(own) } });

const revoke = (app: TestApp, own: Credentials, query: string): Promise<Answer> =>
  app.send({
    method: "POST",
    path: `/session/sessions/revoke${query}`,
    headers: { cookie: apiCookies(own), "anti-csrf": own.antiCsrf },
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
});
