/**
 * Refreshes that fail: nobody is signed out, the caller learns why, and the server is left alone
 * for a while.
 */
import { expect, test } from "vitest";
import { MINUTE } from "../fixtures/constants.ts";
import { openSignedIn } from "./client-page.ts";
import { expectPause, outcomeOf } from "./failed-call.ts";
import { passInPage, stopClock } from "./page-clocks.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

declare const page: ClientPageScript;

interface Failure {
  readonly title: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long the client leaves the server alone, ms. */
  readonly pause?: number;
  /** A browser does not say what it was redirected to. */
  readonly code?: "REFRESH_UNREACHABLE";
}

const HTML = { "content-type": "text/html" };
const FAILURES: readonly Failure[] = [
  { title: "500", status: 500 },
  { title: "503 with Retry-After", status: 503, headers: { "retry-after": "3" }, pause: 3000 },
  { title: "429 with Retry-After", status: 429, headers: { "retry-after": "3" }, pause: 3000 },
  { title: "a captive portal", status: 200, headers: HTML, body: "<h1>Please log in to the hotel's network</h1>" },
  { title: "somebody else's 401", status: 401, headers: HTML, body: "<h1>Unauthorized</h1>" },
  { title: "a conflict of transports", status: 400, body: '{"message":"transport conflict"}' },
  { title: "403", status: 403, headers: HTML, body: "<h1>Blocked</h1>" },
  {
    title: "a redirect to another origin",
    status: 302,
    headers: { location: "http://127.0.0.1:9/" },
    code: "REFRESH_UNREACHABLE",
  },
];

/** Of the first failure without a Retry-After. */
const COOL_DOWN = 1000;
const REFUSED = '{"message":"try refresh token"}';

describeInAnyBrowser("a refresh that fails", (stage) => {
  test.for(FAILURES)("$title", async ({ status, headers = {}, body = "", pause, code }) => {
    const { server, page: client } = await openSignedIn(stage());
    const before = await client.session();
    const cookies = await client.tab.evaluate(() => document.cookie);
    server.expire();
    await stopClock(client.tab);
    server.refresh.answer(status, headers, body);
    const why =
      code === undefined
        ? { code: "REFRESH_FAILED", refreshStatus: status, ...(pause !== undefined && { retryAfter: pause }) }
        : { code };
    expect(await outcomeOf(client, "/me")).toEqual({ status: 401, text: REFUSED, ...why });
    expect(server.takeCalls()).toEqual(["GET /me 401", `POST /session/refresh ${status}`]);
    expect(await client.session()).toEqual(before);
    expect(await client.tab.evaluate(() => document.cookie)).toBe(cookies);
    expect(await client.events()).toMatchObject([
      { name: "signed-in" },
      { name: "refresh-failed", detail: { code: why.code } },
    ]);

    // However often the app calls.
    await expectPause({ server, client }, pause ?? COOL_DOWN);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
    expect((await client.events()).map(({ name }) => name)).toEqual(["signed-in", "refresh-failed", "refreshed"]);
  });

  test("for all who wait for it, once", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    // As many as browsers have connections.
    server.gather(6);
    server.refresh.answer(500);
    expect(await client.fetchMe(6)).toEqual(Array.from({ length: 6 }, () => 401));
    const calls = server.takeCalls();
    expect(calls.filter((call) => call === "GET /me 401").length).toBe(6);
    expect(calls.filter((call) => call !== "GET /me 401")).toEqual(["POST /session/refresh 500"]);
    expect((await client.events()).map(({ name }) => name)).toEqual(["signed-in", "refresh-failed"]);
  });

  test("again and again: each pause is longer than the one before", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    await stopClock(client.tab);
    server.refresh.answer(500, {}, "", 3);
    for (const pause of [COOL_DOWN, 2 * COOL_DOWN, 4 * COOL_DOWN]) {
      expect(await outcomeOf(client, "/me")).toMatchObject({ status: 401, refreshStatus: 500 });
      expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 500"]);
      await expectPause({ server, client }, pause);
    }
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
  });

  test("a call whose token is known to have expired is not sent", async () => {
    const { server, page: client } = await openSignedIn(stage());
    await stopClock(client.tab);
    await passInPage(client.tab, 15 * MINUTE);
    server.expire();
    server.refresh.answer(503, { "retry-after": "3" });
    const rejected = { code: "REFRESH_FAILED", refreshStatus: 503, retryAfter: 3000 };
    expect(await outcomeOf(client, "/me")).toEqual(rejected);
    expect(server.takeCalls()).toEqual(["POST /session/refresh 503"]);
    expect(await client.session()).toMatchObject({ status: "signed-in" });
    await passInPage(client.tab, 2999);
    expect(await outcomeOf(client, "/me")).toEqual(rejected);
    expect(server.takeCalls()).toEqual([]);
    await passInPage(client.tab, 1);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["POST /session/refresh 200", "GET /me 200"]);
  });

  test.each([301, 3600])("a Retry-After of %d s counts for 5 minutes", async (seconds) => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    await stopClock(client.tab);
    server.refresh.answer(429, { "retry-after": String(seconds) });
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 401, retryAfter: 5 * MINUTE });
    server.takeCalls();
    await expectPause({ server, client }, 5 * MINUTE);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
  });

  test.each(["-5", "0", "soon", "Wed, 21 Oct 2099 07:28:00 GMT"])(
    "a Retry-After of %s is none: the server is left alone as after any failure",
    async (text) => {
      const { server, page: client } = await openSignedIn(stage());
      server.expire();
      await stopClock(client.tab);
      server.refresh.answer(503, { "retry-after": text });
      expect(await outcomeOf(client, "/me")).toEqual({
        status: 401,
        text: REFUSED,
        code: "REFRESH_FAILED",
        refreshStatus: 503,
      });
      server.takeCalls();
      await expectPause({ server, client }, COOL_DOWN);
      expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
    },
  );

  test("is forgotten with the session: a new one is refreshed when it needs it", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    await stopClock(client.tab);
    server.refresh.answer(429, { "retry-after": "3600" });
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 401, refreshStatus: 429 });
    await client.signIn();
    server.expire();
    server.takeCalls();
    // The pauses are short again, too.
    server.refresh.answer(503);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 401, refreshStatus: 503 });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 503"]);
    await expectPause({ server, client }, COOL_DOWN);
    expect(await outcomeOf(client, "/me")).toMatchObject({ status: 200 });
  });

  test("names the address that has answered", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.expire();
    server.refresh.answer(404);
    const message = await client.tab.evaluate(async () => (await page.client.fetch("/me")).sessionError?.message);
    expect(message).toBe(`${server.origin}/session/refresh answered 404`);
  });

  test("refresh() asks at once, and rejects with the same error", async () => {
    const { server, page: client } = await openSignedIn(stage());
    server.refresh.answer(503, { "retry-after": "60" }, "", 2);
    for (const _ of [1, 2]) expect(await client.refresh()).toEqual({ code: "REFRESH_FAILED" });
    expect(await client.refresh()).toMatchObject({ state: { status: "signed-in" } });
    expect(server.takeCalls()).toEqual([503, 503, 200].map((status) => `POST /session/refresh ${status}`));
  });
});

describeInAnyBrowser("an API that refuses for reasons of its own", (stage) => {
  test("always: two hits and one refresh for the first call, and one hit for each other one", async () => {
    const { server, page: client } = await openSignedIn(stage());
    expect(await outcomeOf(client, "/always-refused")).toEqual({ status: 401, text: REFUSED });
    expect(server.takeCalls()).toEqual([
      "GET /always-refused 401",
      "POST /session/refresh 200",
      "GET /always-refused 401",
    ]);
    for (const _ of [1, 2, 3])
      expect(await outcomeOf(client, "/always-refused")).toEqual({ status: 401, text: REFUSED });
    expect(server.takeCalls()).toEqual(Array.from({ length: 3 }, () => "GET /always-refused 401"));
    expect(await client.session()).toMatchObject({ status: "signed-in" });
    expect(await client.fetch("/me")).toMatchObject({ status: 200 });
  });

  test("always, to many calls at once: one refresh, and two hits at most for each", async () => {
    const { server, page: client } = await openSignedIn(stage());
    expect(await client.fetchMe(10, "/always-refused")).toEqual(Array.from({ length: 10 }, () => 401));
    const calls = server.takeCalls();
    expect(calls.filter((call) => call.startsWith("POST"))).toEqual(["POST /session/refresh 200"]);
    expect(calls.length).toBeLessThanOrEqual(21);
  });

  test("a 401 that is not the library's is the app's own affair, signed in or not", async () => {
    const { server, page: client } = await openSignedIn(stage());
    const wrong = { status: 401, text: '{"message":"wrong password"}' };
    expect(await outcomeOf(client, "/password", { method: "POST", body: "x" })).toEqual(wrong);
    await client.signOut();
    expect(await outcomeOf(client, "/password", { method: "POST", body: "x" })).toEqual(wrong);
    expect(server.takeCalls()).toEqual(["POST /password 401", "POST /session/signout 200", "POST /password 401"]);
    expect((await client.tab.evaluate(() => page.events)).map(({ name }) => name)).toEqual(["signed-in", "signed-out"]);
  });
});
