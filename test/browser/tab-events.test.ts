/** What happens in one tab is known in all, soon, once and in order. */
/* oxlint-disable unicorn/require-post-message-target-origin -- channels have none */
import { expect, test } from "vitest";
import { ClientPage } from "./client-page.ts";
import type { ClientPageScript, PageEvent } from "./pages/client-page.ts";
import type { SessionServer } from "./session-server.ts";
import { describeInAnyBrowser, describeInBrowsers, type Stage } from "./stage.ts";

declare const page: ClientPageScript;

async function openTabs(stage: Stage, count: number): Promise<{ server: SessionServer; tabs: readonly ClientPage[] }> {
  const server = await stage.serve();
  const tabs: ClientPage[] = [];
  for (let n = 0; n < count; n++) tabs.push(await new ClientPage(await stage.newTab()).open(server));
  return { server, tabs };
}

const tell = ({ name, detail }: PageEvent): string => {
  const { userId, reason } = detail as { userId?: string; reason?: string };
  return `${name} ${userId ?? reason}`;
};

async function expectEvents(tabs: readonly ClientPage[], expected: readonly string[]): Promise<void> {
  for (const tab of tabs)
    await expect.poll(async () => (await tab.events()).map(tell), { timeout: 10_000 }).toEqual(expected);
}

describeInAnyBrowser("tabs", (stage) => {
  test("hear of sign-in, refresh, another user and sign-out, once each and in order", async () => {
    const { server, tabs } = await openTabs(stage(), 3);
    const [first, second, third] = tabs as [ClientPage, ClientPage, ClientPage];
    const expected: string[] = [];
    const after = async (act: Promise<unknown>, event: string): Promise<void> => {
      await act;
      expected.push(event);
      await expectEvents(tabs, expected);
    };
    await after(first.signIn("alice"), "signed-in alice");
    await after(second.refresh(), "refreshed alice");
    await after(third.signIn("bob"), "user-changed bob");
    await after(third.signIn("bob"), "signed-in bob");
    await after(second.signOut(), "signed-out sign-out");
    await after(third.signIn("alice"), "signed-in alice");
    for (const tab of tabs) {
      expect(await tab.session()).toMatchObject({ status: "signed-in", userId: "alice" });
      expect(await tab.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    }
    expect(server.takeCalls().filter((call) => call.startsWith("POST /session/refresh"))).toHaveLength(1);
  });

  test("hear of what follows in quick succession in order, too", async () => {
    const { tabs } = await openTabs(stage(), 3);
    const [first] = tabs as [ClientPage];
    await first.tab.evaluate(async () => {
      const signIn = (user: string): Promise<unknown> =>
        page.signIn("/login", { method: "POST", body: JSON.stringify({ user }) });
      await signIn("alice");
      await page.client.signOut();
      await signIn("bob");
      await page.client.refresh();
      await signIn("carol");
      await page.client.signOut();
    });
    await expectEvents(tabs, [
      "signed-in alice",
      "signed-out sign-out",
      "signed-in bob",
      "refreshed bob",
      "user-changed carol",
      "signed-out sign-out",
    ]);
  });

  test("hear of it in about the time that a message of the app takes: two there and back at most", async () => {
    const { tabs } = await openTabs(stage(), 2);
    const [first, second] = tabs as [ClientPage, ClientPage];
    await second.tab.evaluate(() => {
      let changes = 0;
      page.client.subscribe(() => void changes++);
      const channel = new BroadcastChannel("of the app");
      channel.addEventListener("message", ({ data }) => data === "how many?" && channel.postMessage(changes));
      Object.assign(globalThis, { channel });
    });
    const heard = await first.tab.evaluate(async () => {
      const channel = new BroadcastChannel("of the app");
      const ask = (): Promise<number> =>
        new Promise((resolve) => {
          channel.addEventListener("message", ({ data }) => resolve(data as number), { once: true });
          channel.postMessage("how many?");
        });
      const counts: number[] = [];
      for (let n = 0; n < 10; n++) {
        await page.signIn("/login", { method: "POST", body: JSON.stringify({ user: `user ${n}` }) });
        await ask();
        counts.push(await ask());
      }
      return counts;
    });
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("that hear of a session know all of it: no call", async () => {
    const { server, tabs } = await openTabs(stage(), 2);
    const [first, second] = tabs as [ClientPage, ClientPage];
    await first.signIn();
    await expect.poll(() => second.session()).toEqual(await first.session());
    expect(await second.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["POST /login 200", "POST /notes 200"]);
  });

  test("notice a session that no client has started, when they are looked at", async () => {
    const { server, tabs } = await openTabs(stage(), 1);
    const [visitor] = tabs as [ClientPage];
    await visitor.tab.evaluate(async () => {
      await fetch("/login", { method: "POST", body: JSON.stringify({ user: "alice" }) });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
    await expectEvents(tabs, ["signed-in alice"]);
    expect(server.takeCalls()).toEqual(["POST /login 200", "POST /session/refresh 200"]);
  });
});

describeInBrowsers(
  "tabs gone back to",
  (stage) => {
    test("that the browser brings back as they were know at once what they have missed", async () => {
      const { server, tabs } = await openTabs(stage(), 2);
      const [first, second] = tabs as [ClientPage, ClientPage];
      await first.signIn("alice");
      await expect.poll(() => second.session()).toMatchObject({ userId: "alice" });
      await second.tab.evaluate(() => void Object.assign(globalThis, { isTheSame: true }));
      await second.tab.goto(`${server.origin}/blank`);
      await first.signIn("bob");
      await second.tab.goBack();
      // Not loaded anew: it came out of the browser's memory.
      expect(await second.tab.evaluate(() => "isTheSame" in globalThis)).toBe(true);
      await expectEvents([second], ["signed-in alice", "user-changed bob"]);
      expect(await second.fetch("/notes", { method: "POST", body: "x" })).toMatchObject({ status: 200 });
      await first.signOut();
      await expectEvents([second], ["signed-in alice", "user-changed bob", "signed-out sign-out"]);
      expect(server.count("session-refreshed")).toBe(0);
    });
  },
  { whole: true },
);
