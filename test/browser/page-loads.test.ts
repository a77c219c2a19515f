/**
 * A page that the server refreshes while it is loaded, and the scripts of other tabs, at the same
 * moment.
 */
import { expect, test } from "vitest";
import { bound } from "../fixtures/bounds.ts";
import { ClientPage, openSignedIn } from "./client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

describeInAnyBrowser("page loads beside scripts", (stage) => {
  test("one that the server refreshes and calls of other tabs at once: all succeed, no alarm", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const other = await new ClientPage(await stage().newTab()).open(server);
    const third = await stage().newTab();
    await third.goto(`${server.origin}/blank`);
    for (let round = 0; round < bound(2, 5); round++) {
      server.expire();
      const [status, ...calls] = await Promise.all([
        third.goto(`${server.origin}/rendered?${round}`),
        visitor.fetchMe(3),
        other.fetchMe(3),
      ]);
      expect([status, ...calls.flat()]).toEqual(Array.from({ length: 7 }, () => 200));
      expect(await third.evaluate(() => document.body.textContent)).toBe("alice");
    }
  });

  test("after one, the other tabs know the new tokens and repeat what was refused, without a refresh of their own", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const third = await stage().newTab();
    server.expire();
    expect(await third.goto(`${server.origin}/rendered`)).toBe(200);
    server.takeCalls();
    expect(await visitor.fetch("/me")).toMatchObject({ status: 200 });
    expect(await visitor.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 200", "POST /notes 200"]);
  });
});
