/**
 * A token that is known to have expired is never sent; by what the page knows without a clock that
 * anybody can set.
 */
import { expect, test } from "vitest";
import { DAY, MINUTE } from "../fixtures/constants.ts";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { passInPage, setWallClock } from "./page-clocks.ts";
import { describeInAnyBrowser } from "./stage.ts";

const VALIDITY = 15 * MINUTE;
const REFRESHED_FIRST = ["POST /session/refresh 200", "GET /me 200"];

describeInAnyBrowser("an access token that has expired", (stage) => {
  test("is refreshed before a call, and a live one is not", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await passInPage(visitor.tab, VALIDITY - MINUTE);
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 200"]);
    await passInPage(visitor.tab, MINUTE);
    server.expire();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(REFRESHED_FIRST);
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 200"]);
  });

  test("is refreshed once for all calls that begin at once", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await passInPage(visitor.tab, VALIDITY);
    server.expire();
    expect(await visitor.fetchMe(10)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(server.takeCalls()).toEqual([
      "POST /session/refresh 200",
      ...Array.from({ length: 10 }, () => "GET /me 200"),
    ]);
  });

  test.each([-DAY, DAY])("a wall clock that is wrong by %d ms changes nothing", async (wrong) => {
    const server = await stage().serve();
    const visitor = await new ClientPage(await stage().newTab()).open(server);
    await setWallClock(visitor.tab, wrong);
    await visitor.create();
    expect(await visitor.signIn()).toMatchObject({ status: 200 });
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["POST /login 200", "GET /me 200", "POST /notes 200"]);
    await passInPage(visitor.tab, VALIDITY);
    server.expire();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(REFRESHED_FIRST);
  });

  test("a wall clock that jumps while the page is open changes nothing", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    await setWallClock(visitor.tab, DAY);
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    await setWallClock(visitor.tab, -3 * DAY);
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 200", "GET /me 200"]);
  });

  test("a page that comes later knows the age of the token, too", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.expire();
    // As if the page had been closed for so long: what was stored is older now.
    await visitor.tab.evaluate((by) => {
      for (const name of Object.keys(localStorage)) {
        const text = localStorage.getItem(name) ?? "";
        const stored = JSON.parse(text) as { at: number };
        localStorage.setItem(name, JSON.stringify({ ...stored, at: stored.at - by }));
      }
    }, VALIDITY);
    await visitor.tab.reload();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(REFRESHED_FIRST);
  });

  test("in a tab that was told of its token by another one, it is known as well", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    await visitor.refresh();
    await expect.poll(async () => (await other.events()).map(({ name }) => name)).toEqual(["refreshed"]);
    server.takeCalls();
    await passInPage(other.tab, VALIDITY);
    server.expire();
    expect(await other.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(REFRESHED_FIRST);
  });
});
