/**
 * What the response of the proxy of Next.js tells caches. Next puts its headers on whatever is
 * rendered behind it.
 */
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { createNewSession, sessionProxy, withSessions } from "counterfoil/next";
import { expect, onTestFinished, test } from "vitest";

const ADDRESS = "https://shop.example/page";
const LOAD = { "sec-fetch-mode": "navigate", "sec-fetch-site": "same-origin" };

test("the proxy leaves it to the page how it may be cached, and says no-store where it sets cookies", async () => {
  const clock = { now: 1_790_000_000_000 };
  const sessions = createSessions({ store: memory(), clock: () => clock.now, cookie: { hostPrefix: true } });
  onTestFinished(() => sessions.close());
  const proxy = sessionProxy({ sessions });
  const load = async (cookie?: string): Promise<readonly unknown[]> => {
    const { headers } = await proxy(
      new Request(ADDRESS, { headers: cookie === undefined ? LOAD : { ...LOAD, cookie } }),
    );
    return [headers.getSetCookie().length, headers.get("cache-control"), headers.get("vary")];
  };
  const signIn = withSessions(
    async (request) => {
      await createNewSession(request, "alice", { sessions });
      return new Response();
    },
    { sessions },
  );
  const { headers } = await signIn(new Request(ADDRESS, { method: "POST" }));
  const cookie = headers
    .getSetCookie()
    .map((line) => line.slice(0, line.indexOf(";")))
    .join("; ");
  expect([await load(), await load(cookie)]).toEqual([
    [0, null, null],
    [0, null, null],
  ]);
  clock.now += 15 * 60_000;
  expect(await load(cookie)).toEqual([3, "no-store", null]);
});
