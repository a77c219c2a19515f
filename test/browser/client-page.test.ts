/** The page with a client, as the other tests drive it. */
import { expect, test } from "vitest";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

describeInAnyBrowser("the client's page", (stage) => {
  test("sign in, calls that refresh, events, sign out", async () => {
    const { server, page } = await openSignedIn(stage());
    expect(await page.session()).toMatchObject({ status: "signed-in", userId: "alice", claims: { role: "member" } });
    expect(await page.fetch("/notes", { method: "POST", body: "one" })).toEqual({ status: 200, body: {} });
    server.expire();
    server.gather(3);
    expect(await page.fetchMe(3)).toEqual([200, 200, 200]);
    const calls = server.takeCalls();
    expect(calls.slice(0, 5)).toEqual([
      "POST /notes 200",
      ...Array.from({ length: 3 }, () => "GET /me 401"),
      "POST /session/refresh 200",
    ]);
    expect(await page.refresh()).toMatchObject({ state: { status: "signed-in" } });
    await page.signOut();
    expect(await page.session()).toEqual({ status: "signed-out", reason: "sign-out" });
    const events = await page.events();
    expect(events.map(({ name }) => name)).toEqual(["signed-in", "refreshed", "refreshed", "signed-out"]);
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted((a, b) => a - b));
  });

  test("answers that stand say why, and a failed refresh has a code", async () => {
    const { server, page } = await openSignedIn(stage());
    server.expire();
    server.refresh.answer(503, {}, "", 2);
    expect(await page.fetch("/me")).toMatchObject({ status: 401, code: "REFRESH_FAILED" });
    expect(await page.refresh()).toEqual({ code: "REFRESH_FAILED" });
    expect((await page.events()).at(-1)).toMatchObject({
      name: "refresh-failed",
      detail: { code: "REFRESH_FAILED", status: 503 },
    });
  });

  test("the client is made with the page, and again after a reload", async () => {
    const { server, page } = await openSignedIn(stage(), { refreshTimeout: 9000 });
    await page.tab.reload();
    expect(await page.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    const second = await new ClientPage(await stage().newTab()).open(server);
    expect(await second.session()).toMatchObject({ status: "signed-in", userId: "alice" });
    await second.create();
    expect(await second.events()).toEqual([]);
  });
});
