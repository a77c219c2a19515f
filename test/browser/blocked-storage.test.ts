/** A browser that stores nothing, or keeps no cookies. */
import { expect, test } from "vitest";
import { ClientPage } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser, type Stage } from "./stage.ts";

declare const page: ClientPageScript;

const SIGN_OUT = "POST /session/signout";

/** A page in which something is broken before its client is made. */
async function openBroken(stage: Stage, what: () => void) {
  const server = await stage.serve();
  const visitor = await new ClientPage(await stage.newTab()).open(server);
  await visitor.tab.evaluate(() => page.client.dispose());
  await visitor.tab.evaluate(what);
  await visitor.create();
  return { server, visitor };
}

describeInAnyBrowser("a browser", (stage) => {
  test("whose storage throws: all works, and each page asks once", async () => {
    const { server, visitor } = await openBroken(stage(), () => {
      Object.defineProperty(globalThis, "localStorage", {
        get: () => {
          throw new DOMException("blocked", "SecurityError");
        },
      });
    });
    expect(await visitor.signIn()).toMatchObject({ status: 200 });
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    server.expire();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(await visitor.signOut()).toBe(true);
    expect(await visitor.session()).toMatchObject({ status: "signed-out" });
    expect(server.takeCalls()).toEqual([
      "POST /login 200",
      "POST /notes 200",
      "GET /me 401",
      "POST /session/refresh 200",
      "GET /me 200",
      "POST /session/signout 200",
    ]);
  });

  test("whose storage is full of rubbish: it is asked once", async () => {
    const { server, visitor } = await openBroken(stage(), () => {
      localStorage.setItem(`counterfoil:${location.origin}/session/refresh`, "{not json");
    });
    expect(await visitor.session()).toEqual({ status: "signed-out" });
    expect(await visitor.signIn()).toMatchObject({ status: 200 });
    for (const rubbish of ["null", "7", '"text"', "[]", '{"marker":7}', '{"marker":{}}', '{"user":1,"marker":"1.x"}']) {
      await visitor.tab.evaluate((text) => {
        localStorage.setItem(`counterfoil:${location.origin}/session/refresh`, text);
      }, rubbish);
      server.takeCalls();
      await visitor.tab.reload();
      await expect.poll(() => visitor.session()).toMatchObject({ status: "signed-in", userId: "alice" });
      expect(server.takeCalls()).toEqual(["POST /session/refresh 200"]);
    }
  });

  test.for(["throws", "is full"])(
    "whose storage %s: a sign-out that the server has not heard is told later",
    async (how) => {
      const { server, visitor } = await openBroken(
        stage(),
        how === "throws"
          ? () => {
              Object.defineProperty(globalThis, "localStorage", {
                get: () => {
                  throw new DOMException("blocked", "SecurityError");
                },
              });
            }
          : () => {
              Storage.prototype.setItem = () => {
                throw new DOMException("full", "QuotaExceededError");
              };
            },
      );
      const tellOnline = (): Promise<boolean> =>
        visitor.tab.evaluate(() => globalThis.dispatchEvent(new Event("online")));
      const signOutInVain = async (): Promise<void> => {
        server.at(SIGN_OUT).answer(503);
        expect(await visitor.signOut()).toBe(false);
        expect(server.takeCalls()).toEqual(["POST /login 200", `${SIGN_OUT} 503`]);
      };
      await visitor.signIn();
      await signOutInVain();
      await tellOnline();
      await server.seen(`${SIGN_OUT} 200`);
      await expect.poll(() => visitor.tab.evaluate(() => document.cookie)).toBe("");
      await tellOnline();
      expect(server.takeCalls()).toEqual([`${SIGN_OUT} 200`]);

      // Not once somebody else has signed in.
      await visitor.signIn();
      await signOutInVain();
      await visitor.signIn("bob");
      await tellOnline();
      expect(await visitor.fetch("/me")).toMatchObject({ status: 200, body: { user: "bob" } });
      expect(server.takeCalls()).toEqual(["POST /login 200", "GET /me 200"]);
    },
  );

  test("that keeps no cookies: one clear error at sign-in, and no loop", async () => {
    const server = await stage().serve();
    const visitor = await new ClientPage(await stage().newTab()).open(server);
    // As a browser does that is told to: it takes the answer, and keeps nothing.
    server.at("POST /login").dropCookies();
    expect(await visitor.signIn()).toMatchObject({ status: 200, code: "COOKIES_BLOCKED" });
    const blocked = { status: "signed-out", reason: "cookies-blocked" };
    expect(await visitor.session()).toEqual(blocked);
    expect(await visitor.events()).toMatchObject([{ name: "signed-out", detail: blocked }]);
    const message = await visitor.tab.evaluate(
      async () =>
        (await page.client.signIn("/login", { method: "POST", body: '{"user":"alice"}' })).sessionError?.message,
    );
    for (const cause of [
      "cookiePrefix",
      "Secure",
      "SameSite",
      "localhost",
      "127.0.0.1",
      "Domain",
      "Path",
      "third-party",
    ])
      expect(message).toContain(cause);
    expect(await visitor.fetch("/me")).toMatchObject({ status: 401 });
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 401 });
    expect(server.takeCalls()).toEqual(["POST /login 200", "POST /login 200", "GET /me 401", "POST /notes 401"]);
  });

  test("that sends no cookies to an API of another origin: the refresh tells, once", async () => {
    const api = await stage().serve({}, `api.${stage().site}`);
    const pages = await stage().serve();
    await api.stop();
    const trusting = await stage().serve({ http: { trustedOrigins: [pages.origin] } }, `api.${stage().site}`);
    const visitor = await new ClientPage(await stage().newTab()).open(pages, { api: trusting.origin });
    trusting.at("POST /login").dropCookies();
    expect(await visitor.signIn("alice", {}, `${trusting.origin}/login`)).toMatchObject({ status: 200 });
    expect(await visitor.fetch(`${trusting.origin}/me`)).toMatchObject({ status: 401 });
    expect(await visitor.session()).toEqual({ status: "signed-out", reason: "cookies-blocked" });
    expect(await visitor.fetch(`${trusting.origin}/me`)).toMatchObject({ status: 401 });
    expect(trusting.takeCalls()).toEqual([
      "POST /login 200",
      "GET /me 401",
      "POST /session/refresh 401",
      "GET /me 401",
    ]);
  });
});
