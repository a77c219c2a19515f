import { expect, test } from "vitest";
import { keepFetch, type Stage, textOf } from "./browser-situations.ts";

/** What only an app of Next.js does: it renders on the server for scripts as well. */
export function testNextNavigation({ server, signIn }: Stage): void {
  test.each([
    { how: "in the page", withClient: true },
    { how: "without instrumentation-client.ts, by a page load", withClient: false },
  ])("an expired token and a Link: on the page, signed in, $how", async ({ withClient }) => {
    await using guest = await signIn();
    const { page, user } = guest;
    if (!withClient) await page.addInitScript(keepFetch);
    await page.goto(`${server().origin}/`);
    await page.evaluate(() => Object.assign(window, { stayed: true }));
    const refreshed = server().count("session-refreshed");
    server().expire();
    await page.click("text=Notes");
    await page.waitForURL(`${server().origin}/notes?page=1`);
    await page.waitForSelector(`text=Notes of ${user}`);
    expect(await page.evaluate(() => "stayed" in window)).toBe(withClient);
    expect(server().count("session-refreshed")).toBeGreaterThan(refreshed);
    expect(server().count("reuse-detected")).toBe(0);
  });

  test("an expired token and a server action: done, once", async () => {
    await using guest = await signIn();
    const { page } = guest;
    await page.goto(`${server().origin}/notes`);
    server().expire();
    await page.fill("[name=note]", "buy milk");
    await page.click("text=Add");
    await page.waitForSelector("li");
    expect(await page.locator("li").allInnerTexts()).toEqual(["buy milk"]);
    await page.reload();
    expect(await page.locator("li").allInnerTexts()).toEqual(["buy milk"]);
  });

  test("a server action as a form, where scripts do not run: with an expired token nothing is done, and nobody is logged out", async () => {
    await using guest = await signIn();
    const { page, context, user } = guest;
    await context.route("**/*.js", (route) => route.abort());
    await page.goto(`${server().origin}/notes`);
    await page.fill("[name=note]", "buy milk");
    await page.click("text=Add");
    await page.waitForSelector("li");
    server().expire();
    await page.fill("[name=note]", "buy bread");
    await page.click("text=Add");
    await page.waitForURL(`${server().origin}/`);
    expect(await textOf(page)).toContain(`Signed in as ${user}`);
    await page.goto(`${server().origin}/notes`);
    expect(await page.locator("li").allInnerTexts()).toEqual(["buy milk"]);
  });

  test("the button signs out", async () => {
    await using guest = await signIn();
    const { page, context } = guest;
    await page.goto(`${server().origin}/`);
    server().expire();
    await page.click("text=Sign out");
    await page.waitForSelector("text=Signed out");
    expect(await context.cookies()).toEqual([]);
  });
}
