/** The hooks in React's own StrictMode and without, in pages that the browser renders. */
import { expect, test } from "vitest";
import { ClientPage } from "../client-page.ts";
import { until } from "../../servers/until.ts";
import { describeInAnyBrowser } from "../stage.ts";
import type { ReactPageScript } from "./page-script.ts";
import { openReact, serveReact, signInByForm } from "./react-page.ts";

declare const page: ReactPageScript;

const PATIENT = { timeout: 30_000 };

/** So many components, rendered once each with one text; StrictMode renders each twice. */
const once = (text: string, count: number, isStrict: boolean): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}: ${text}`, isStrict ? 2 : 1]));

describeInAnyBrowser("hooks of React", (stage) => {
  test.each([false, true])("ten components: one render each for each change, StrictMode %s", async (isStrict) => {
    const server = await serveReact(stage());
    const mine = await openReact(stage(), server, { isBare: true, isStrict, count: 10 });
    const other = await new ClientPage(await stage().newTab()).open(server);
    const rendered = async (text: string, guarded: string): Promise<void> => {
      await mine.shows(text, guarded);
      expect(await mine.take()).toEqual({
        renders: once(text, 10, isStrict),
        commits: 1,
        texts: [text],
        problems: [],
      });
    };
    await mine.shows("nobody", "sign in, please");
    await mine.take();

    expect(await mine.signIn("alice")).toBe(200);
    await rendered("alice member", "hello alice, member");
    await other.signOut();
    await rendered("nobody sign-out", "sign in, please");
    await other.signIn("bob", { role: "admin" });
    await rendered("bob admin", "hello bob, admin");
    await other.signIn("carol", { role: "guest" });
    await rendered("carol guest", "hello carol, guest");
    const before = await mine.accessExpires();
    server.advance(2000);
    await other.refresh();
    await until("the other tab's refresh", async () => (await mine.accessExpires()) !== before);
    expect(await mine.take()).toEqual({
      renders: once("carol guest", 10, isStrict),
      commits: 1,
      texts: [],
      problems: [],
    });
    await mine.click("out");
    await rendered("nobody sign-out", "sign in, please");
  });

  test.each([false, true])("nothing listens after unmounting and hot reload, StrictMode %s", async (isStrict) => {
    const server = await serveReact(stage());
    const { tab } = await openReact(stage(), server, { isBare: true, isStrict, count: 3 });
    const listeners = (): Promise<number> => tab.evaluate(() => page.listeners);
    // Three components, the guard, and two events.
    await expect.poll(listeners, PATIENT).toBe(6);
    await tab.evaluate(() => page.replace());
    await expect.poll(listeners, PATIENT).toBe(6);
    await tab.evaluate(() => page.unmount());
    await expect.poll(listeners, PATIENT).toBe(0);
    // The client is its owner's, and goes on.
    const answer = await tab.evaluate(async () => {
      const body = JSON.stringify({ user: "alice", claims: { role: "member" } });
      await page.client.signIn("/login", { method: "POST", body });
      return [page.client.session().status, (await page.client.fetch("/me")).status];
    });
    expect(answer).toEqual(["signed-in", 200]);
    await tab.evaluate(() => page.mount());
    await expect.poll(listeners, PATIENT).toBe(6);
  });

  test("fetch is the same function in each render, and refreshes; events reach the listener of the last render", async () => {
    const server = await serveReact(stage());
    const mine = await openReact(stage(), server, { isBare: true });
    await mine.signIn("alice");
    await mine.shows("alice member", "hello alice, member");
    server.expire();
    server.takeCalls();
    await mine.click("call");
    const answers = (): Promise<number[]> => mine.tab.evaluate(() => page.answers);
    await expect.poll(answers, PATIENT).toEqual([200]);
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
    await mine.tab.evaluate(() => page.renderAgain());
    await mine.signIn("bob");
    await mine.shows("bob member", "hello bob, member");
    await mine.click("out");
    await mine.shows("nobody sign-out", "sign in, please");
    await mine.signIn("carol");
    await mine.shows("carol member", "hello carol, member");
    expect(await mine.tab.evaluate(() => ({ heard: page.heard, functions: page.fetches.size }))).toEqual({
      heard: ["alice after 0 calls", "changed to bob", "carol after 1 calls"],
      functions: 1,
    });
    expect((await mine.take()).problems).toEqual([]);
  });

  test("loading: what is shown while the server is asked whose session it is", async () => {
    const server = await serveReact(stage());
    const mine = await openReact(stage(), server, { isBare: true });
    // A plain form: the browser has a session, and no script has seen it begin.
    await signInByForm(mine, "alice");
    server.refresh.hold();
    await mine.open(server, { isBare: true, tells: "nothing" });
    await mine.shows("loading", "one moment");
    server.refresh.release();
    await mine.shows("alice member", "hello alice, member");
    expect(await mine.take()).toEqual({
      renders: { "c0: loading": 1, "c0: alice member": 1 },
      commits: expect.any(Number),
      texts: ["loading", "alice member"],
      problems: [],
    });
  });
});
