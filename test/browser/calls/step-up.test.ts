/** Calls that need a fresher sign-in: the user is asked once, and they are repeated once. */
import { expect, test } from "vitest";
import { MINUTE } from "../../fixtures/constants.ts";
import { describeInAnyBrowser } from "../stage.ts";
import { openTwo } from "./calls-page.ts";
import type { CallsPageScript, Way } from "./page-script.ts";

declare const page: CallsPageScript;

const WAYS: readonly Way[] = ["fetch", "intercepted fetch", "XMLHttpRequest", "intercepted XMLHttpRequest", "worker"];
const PATH = "/transfers";
const TRANSFER = "POST /transfers";
const LOGIN = "POST /login 200";
const REFRESH = "POST /session/refresh 200";
const DEMAND = { maxAuthAge: 10 * MINUTE };
/** Longer than the route takes a sign-in for fresh, and shorter than an access token lives. */
const LATER = 11 * MINUTE;

describeInAnyBrowser("a call that needs a fresher sign-in", (stage) => {
  test("asks the user, and is repeated once, in each way to call", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    for (const [count, way] of WAYS.entries()) {
      server.advance(LATER);
      server.takeCalls();
      expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 200 });
      expect(server.takeCalls(), way).toEqual([`${TRANSFER} 401`, LOGIN, `${TRANSFER} 200`]);
      expect(await alice.demands()).toEqual(Array.from({ length: count + 1 }, () => DEMAND));
      // Fresh for a while.
      expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 200 });
      expect(server.takeCalls(), way).toEqual([`${TRANSFER} 200`]);
    }
    expect(server.writers).toEqual([...WAYS, ...WAYS].map(() => "alice"));
  });

  test("sends its body again, with the anti-CSRF token of the new session", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    server.advance(LATER);
    await alice.call("fetch", "POST", PATH);
    const [first, , second] = server.takeTraffic();
    expect([first?.body?.toString(), second?.body?.toString()]).toEqual(["a draft of alice's", "a draft of alice's"]);
    expect(second?.asked["anti-csrf"]).toMatch(/./);
    expect(second?.asked["anti-csrf"]).not.toBe(first?.asked["anti-csrf"]);
  });

  test("asks once for all that wait, however they call", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in", true);
    server.advance(LATER);
    const outcomes = alice.tab.evaluate(
      (ways) => Promise.all([...ways, ...ways].map((way, n) => page.call(way, "GET", `/transfers?${n}`))),
      // Two replacements of one function would send a call of the first through the second.
      ["fetch", "XMLHttpRequest", "worker"] as const,
    );
    await server.seen("GET /transfers 401", 6);
    await expect.poll(() => alice.demands()).toEqual([DEMAND]);
    await alice.answer();
    expect(await outcomes).toEqual(Array.from({ length: 6 }, () => ({ status: 200 })));
    const calls = server.takeCalls();
    expect(calls.filter((call) => call === LOGIN)).toHaveLength(1);
    expect(calls.filter((call) => call === "GET /transfers 200")).toHaveLength(6);
    expect(await alice.demands()).toEqual([DEMAND]);
  });

  test("does not ask again for a refusal that was on its way when the user signed in", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    server.advance(LATER);
    server.at("GET /transfers").hold("after", 1);
    await alice.begin("fetch", "GET", PATH);
    await server.seen("GET /transfers");
    expect(await alice.call("fetch", "POST", PATH)).toEqual({ status: 200 });
    server.takeCalls();
    server.at("GET /transfers").release();
    expect(await alice.end()).toEqual({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /transfers 200"]);
    expect(await alice.demands()).toEqual([DEMAND]);
  });

  test("is refreshed first, where its token has expired as well", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    for (const way of WAYS) {
      server.expire();
      server.takeCalls();
      expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 200 });
      expect(server.takeCalls(), way).toEqual([
        `${TRANSFER} 401`,
        REFRESH,
        `${TRANSFER} 401`,
        LOGIN,
        `${TRANSFER} 200`,
      ]);
    }
  });

  test("gets its 401 where the user refuses; the next one asks again", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("refuses");
    server.advance(LATER);
    for (const way of WAYS) expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 401 });
    expect(server.takeCalls()).toEqual(WAYS.map(() => `${TRANSFER} 401`));
    expect(await alice.demands()).toEqual(WAYS.map(() => DEMAND));
    expect(await alice.shown()).toBe("alice");
  });

  test("is repeated once where the user only says so: no loop", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("only says so");
    server.advance(LATER);
    for (const way of WAYS) {
      server.takeCalls();
      expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 401 });
      expect(server.takeCalls(), way).toEqual([`${TRANSFER} 401`, `${TRANSFER} 401`]);
    }
    expect(await alice.demands()).toEqual(WAYS.map(() => DEMAND));
  });

  test("ends after four requests, whatever the server says", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    const stepUp = { "www-authenticate": 'Bearer error="insufficient_user_authentication"' };
    const expired = { "www-authenticate": 'Bearer realm="session", error="invalid_token"' };
    for (let n = 0; n < 5; n += 1) {
      server.at(TRANSFER).answer(401, expired);
      server.at(TRANSFER).answer(401, stepUp);
    }
    expect(await alice.call("fetch", "POST", PATH)).toEqual({ status: 401 });
    const [again, end] = [`${TRANSFER} 401`, "POST /session/refresh 200"];
    expect(server.takeCalls()).toEqual([again, end, again, LOGIN, again, end, again]);
    expect(await alice.demands()).toEqual([{}]);
  });

  test("fails with the error of the one who asks, and the next one asks again", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("breaks");
    server.advance(LATER);
    for (let n = 0; n < 2; n += 1) {
      const failure = alice.tab.evaluate(() =>
        page.client.fetch("/transfers", { method: "POST" }).then(String, (error: unknown) => String(error)),
      );
      expect(await failure).toBe("RangeError: the dialog broke");
    }
    expect(await alice.demands()).toEqual([DEMAND, DEMAND]);
    expect(server.takeCalls()).toEqual([`${TRANSFER} 401`, `${TRANSFER} 401`]);
  });

  test("is not carried out as the user who signed in instead", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in as bob");
    for (const way of WAYS) {
      await alice.signIn("alice");
      server.advance(LATER);
      expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 401, code: "USER_CHANGED" });
    }
    expect(server.writers).toEqual([]);
  });

  test("with a body that can be sent only once is not repeated, and says so", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    const code = await alice.tab.evaluate(async () => {
      const url = new URL("/transfers", location.href).href;
      const call = (await page.client.prepare({ url, method: "POST" }))!;
      const headers = new Headers({ "www-authenticate": 'Bearer error="insufficient_user_authentication"' });
      return ((await page.client.judge(call, { headers }, false)) as { readonly code?: string }).code;
    });
    // The next call has the fresh sign-in.
    expect([code, server.takeCalls()]).toEqual(["BODY_NOT_REPLAYABLE", [LOGIN]]);
  });

  test("by signIn gets its answer: who is asked may sign in at such a route", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    server.advance(LATER);
    const status = await alice.tab.evaluate(
      async () => (await page.client.signIn("/transfers", { method: "POST" })).status,
    );
    expect([status, await alice.demands(), server.takeCalls()]).toEqual([401, [], [`${TRANSFER} 401`]]);
  });

  test("gets its 401 where nobody asks, or nobody asks any more", async () => {
    const { server, alice } = await openTwo(stage());
    server.advance(LATER);
    for (const way of WAYS) expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 401 });
    await alice.askOnStepUp("signs in");
    await alice.tab.evaluate(() => page.stopAsking());
    for (const way of WAYS) expect(await alice.call(way, "POST", PATH), way).toEqual({ status: 401 });
    expect(server.takeCalls()).toEqual([...WAYS, ...WAYS].map(() => `${TRANSFER} 401`));
    expect(await alice.demands()).toEqual([]);
  });

  test("asks for a method of signing in, where the route demands one", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    // A password again is not what it demands.
    expect(await alice.call("fetch", "POST", "/vault")).toEqual({ status: 401 });
    await alice.tab.evaluate(() => page.stopAsking());
    await alice.askOnStepUp("signs in with a code");
    expect(await alice.call("fetch", "POST", "/vault")).toEqual({ status: 200 });
    const refused = ["POST /vault 401", LOGIN, "POST /vault 401"];
    expect(server.takeCalls()).toEqual([...refused, "POST /vault 401", LOGIN, "POST /vault 200"]);
    const demand = { amr: ["otp", "mfa"] };
    expect(await alice.demands()).toEqual([demand, demand]);
  });

  test("in the SuperTokens dialect, where it is a 403", async () => {
    const { server, alice } = await openTwo(stage(), { http: { dialects: ["counterfoil", "supertokens"] } });
    await alice.askOnStepUp("signs in");
    server.advance(LATER);
    expect(await alice.call("fetch", "POST", PATH)).toEqual({ status: 200 });
    expect(server.takeCalls()).toEqual([`${TRANSFER} 403`, LOGIN, `${TRANSFER} 200`]);
  });
});

describeInAnyBrowser("a call that needs a claim which the user lacks", (stage) => {
  test("gets its 403: no refresh, no question and no loop", async () => {
    const { server, alice } = await openTwo(stage());
    await alice.askOnStepUp("signs in");
    for (const way of WAYS) expect(await alice.call(way, "POST", "/staff"), way).toEqual({ status: 403 });
    expect(server.takeCalls()).toEqual(WAYS.map(() => "POST /staff 403"));
    expect([await alice.demands(), await alice.shown()]).toEqual([[], "alice"]);
    // A token that has expired is refreshed first, once.
    server.expire();
    expect(await alice.call("fetch", "POST", "/staff")).toEqual({ status: 403 });
    expect(server.takeCalls()).toEqual(["POST /staff 401", "POST /session/refresh 200", "POST /staff 403"]);
    const body = await alice.tab.evaluate(async () => (await page.client.fetch("/staff")).json() as Promise<unknown>);
    expect(body).toMatchObject({ claim: "role" });
  });
});
