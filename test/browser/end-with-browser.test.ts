/**
 * Sessions that end with the browser, in pages that cannot see their cookies: what such a page
 * remembers must end with the browser, too.
 */
import { expect, test } from "vitest";
import { ClientPage } from "./client-page.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInBrowsers, type Stage } from "./stage.ts";

/** The sign-in decides for its session; this is the default of those that do not. */
async function serveApart(stage: Stage, persistent: boolean, domain?: string) {
  const pages = await stage.serve();
  const cookie = domain === undefined ? {} : { domain };
  const config = { cookie, session: { persistent }, http: { trustedOrigins: [pages.origin] } };
  return { pages, api: await stage.serve(config, `api.${stage.site}`) };
}

async function openApart(stage: Stage, pages: SessionServer, api: SessionServer): Promise<ClientPage> {
  return new ClientPage(await stage.newTab()).open(pages, { api: api.origin });
}

async function signIn(page: ClientPage, api: SessionServer, user = "alice", persistent?: boolean): Promise<void> {
  const more = persistent === undefined ? {} : { persistent };
  expect(await page.signIn(user, { role: "member" }, `${api.origin}/login`, more)).toMatchObject({ status: 200 });
}

/** Which storage of the page names whom. */
const stored = (page: ClientPage): Promise<{ readonly local: boolean; readonly session: boolean }> =>
  page.tab.evaluate(() => ({
    local: JSON.stringify(localStorage).includes("alice"),
    session: JSON.stringify(sessionStorage).includes("alice"),
  }));

const ALICE = { status: "signed-in", userId: "alice", claims: { role: "member" }, persistent: false };

describeInBrowsers("a session that ends with the browser, in pages of another origin", (stage) => {
  test("is remembered by each tab for itself, and by no tab that is opened when all have closed", async () => {
    const { pages, api } = await serveApart(stage(), false);
    const first = await openApart(stage(), pages, api);
    const second = await openApart(stage(), pages, api);
    await signIn(first, api);
    await expect.poll(() => second.session()).toMatchObject(ALICE);
    api.takeCalls();
    for (const page of [first, second]) {
      expect(await stored(page)).toEqual({ local: false, session: true });
      await page.tab.reload();
      expect(await page.session()).toMatchObject(ALICE);
      // With its anti-CSRF token.
      expect(await page.fetch(`${api.origin}/notes`, { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    }
    expect(api.takeCalls()).toEqual(["POST /notes 200", "POST /notes 200"]);

    await first.tab.close();
    await second.tab.close();
    const later = await openApart(stage(), pages, api);
    expect(await later.session()).toEqual({ status: "signed-out" });
    expect(await stored(later)).toEqual({ local: false, session: false });
  });

  test("is told to a tab that is opened beside others, without a call", async () => {
    const { pages, api } = await serveApart(stage(), false);
    const first = await openApart(stage(), pages, api);
    await signIn(first, api);
    api.takeCalls();
    const second = await openApart(stage(), pages, api);
    await expect.poll(() => second.session()).toMatchObject(ALICE);
    expect(await stored(second)).toEqual({ local: false, session: true });
    expect(api.takeCalls()).toEqual([]);
  });

  test("is remembered with its newer tokens, and forgotten by all with the sign-out", async () => {
    const { pages, api } = await serveApart(stage(), false);
    const first = await openApart(stage(), pages, api);
    const second = await openApart(stage(), pages, api);
    await signIn(first, api);
    await expect.poll(() => second.session()).toMatchObject(ALICE);
    api.expire();
    expect(await second.refresh()).toMatchObject({ state: ALICE });
    await first.tab.reload();
    const { accessExpires } = (await second.session()) as { accessExpires: number };
    expect(await first.session()).toMatchObject({ ...ALICE, accessExpires });

    expect(await second.signOut()).toBe(true);
    await expect.poll(() => first.session()).toMatchObject({ status: "signed-out" });
    for (const page of [first, second]) {
      expect(await stored(page)).toEqual({ local: false, session: false });
      await page.tab.reload();
      expect(await page.session()).toMatchObject({ status: "signed-out" });
    }
  });

  test("takes the place of a session that does not, and the other way round", async () => {
    const { pages, api } = await serveApart(stage(), true);
    const first = await openApart(stage(), pages, api);
    const second = await openApart(stage(), pages, api);
    await signIn(first, api);
    expect(await stored(first)).toEqual({ local: true, session: false });
    await signIn(first, api, "alice", false);
    expect(await stored(first)).toEqual({ local: false, session: true });
    await expect.poll(() => stored(second)).toEqual({ local: false, session: true });
    await signIn(second, api, "bob", true);
    await expect.poll(() => first.session()).toMatchObject({ userId: "bob" });
    for (const page of [first, second]) {
      expect(await stored(page)).toEqual({ local: false, session: false });
      await page.tab.reload();
      expect(await page.session()).toMatchObject({ status: "signed-in", userId: "bob" });
    }
  });

  test("is remembered for all tabs where the page sees the cookie, and is over with it", async () => {
    const { pages, api } = await serveApart(stage(), false, stage().site);
    const page = await openApart(stage(), pages, api);
    await signIn(page, api);
    expect(await stored(page)).toEqual({ local: true, session: false });
    // As the browser drops it when it closes.
    await page.tab.evaluate((site) => {
      const [name] = document.cookie.split("=");
      document.cookie = `${name}=; Max-Age=0; Path=/; Domain=${site}`;
    }, stage().site);
    await page.tab.reload();
    expect(await page.session()).toEqual({ status: "signed-out" });
  });
});
