/** Workers that use the session of their page. */
import { expect, test } from "vitest";
import { until } from "../../servers/until.ts";
import { countRefreshes } from "../refresh-count.ts";
import type { SessionServer } from "../session-server.ts";
import { describeInAnyBrowser } from "../stage.ts";
import type { WorkerPageScript } from "./page-script.ts";
import { openWorker, type WorkerPage } from "./worker-page.ts";

declare const page: WorkerPageScript;

const TEN = Array.from({ length: 10 }, () => [200]);

/** Ten calls of the page and ten of its worker, when all tokens have just expired. */
function callBoth(server: SessionServer, own: WorkerPage): Promise<readonly unknown[]> {
  server.expire();
  // Six connections are all that a browser has for a server.
  server.gather(4);
  const here = own.tab.evaluate(() =>
    Promise.all(Array.from({ length: 10 }, async (_, n) => [(await page.client.fetch(`/me?p${n}`)).status])),
  );
  return Promise.all([here, own.ask({ act: "fetch", url: "/me", times: 10 })]);
}

describeInAnyBrowser("a worker", (stage) => {
  test.for(["bridge", "shared"] as const)("%s: ten calls here and ten there, one refresh", async (kind) => {
    const { server, page: own } = await openWorker(stage(), kind);
    expect(await callBoth(server, own)).toEqual([TEN, { value: TEN }]);
    expect(server.count("session-refreshed")).toBe(1);
    expect(countRefreshes(server)).toBe(1);
  });

  test("sends a body again, with the anti-CSRF token of the page", async () => {
    const { server, page: own } = await openWorker(stage());
    server.expire();
    const call = { act: "fetch", url: "/notes", method: "POST", body: "grün" } as const;
    expect(await own.ask(call)).toEqual({ value: [[200]] });
    const traffic = server.takeTraffic();
    expect(traffic.map((one) => `${one.call} ${one.body?.toString()}`)).toEqual([
      "POST /notes 401 grün",
      "POST /session/refresh 200 undefined",
      "POST /notes 200 grün",
    ]);
    expect(traffic[2]?.asked).toMatchObject({ "anti-csrf": expect.stringMatching(/./) });
  });

  test("what somebody else refuses stands, and another origin gets nothing of ours", async () => {
    const { server, page: own } = await openWorker(stage());
    const other = await stage().serve();
    expect(await own.ask({ act: "fetch", url: "/password", method: "POST", body: "x" })).toEqual({ value: [[401]] });
    expect(server.takeCalls()).toEqual(["POST /password 401"]);
    const call = { act: "fetch", url: `${other.origin}/notes`, method: "POST", body: "x" } as const;
    expect(await own.ask(call)).toMatchObject({ name: "TypeError" });
    const [sent] = other.takeTraffic();
    expect(sent?.call).toBe("POST /notes 403");
    expect(sent?.asked).not.toHaveProperty("rid");
  });

  test("errors have their codes", async () => {
    const { server, page: own } = await openWorker(stage());
    server.expire();
    server.refresh.answer(503, { "retry-after": "1" }, "", 2);
    expect(await own.ask({ act: "fetch", url: "/me" })).toEqual({ value: [[401, "REFRESH_FAILED", 1000]] });
    expect(await own.ask({ act: "refresh" })).toEqual({ name: "SessionClientError", code: "REFRESH_FAILED" });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 503", "POST /session/refresh 503"]);
    expect(await own.ask({ act: "refresh" })).toMatchObject({ value: { status: "signed-in", userId: "alice" } });
  });

  test("an abort while it waits for the refresh", async () => {
    const { server, page: own } = await openWorker(stage());
    server.expire();
    server.refresh.hold();
    const call = own.ask({ act: "fetch", url: "/me" });
    await server.seen("POST /session/refresh");
    await own.ask({ act: "abort" });
    expect(await call).toEqual({ name: "AbortError" });
    const unsent = own.ask({ act: "fetch", url: "/open" });
    await own.ask({ act: "abort" });
    expect(await unsent).toEqual({ name: "AbortError" });
    server.refresh.release();
    expect(await own.ask({ act: "fetch", url: "/me" })).toEqual({ value: [[200]] });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
  });

  test("knows who is signed in", async () => {
    const { page: own } = await openWorker(stage());
    const session = async (): Promise<unknown> => (await own.ask({ act: "session" })).value;
    await until("the sign-in", async () => ((await session()) as { userId?: string }).userId === "alice");
    expect(await session()).toEqual(await own.tab.evaluate(() => page.client.session()));
    await own.tab.evaluate(() => page.client.signOut());
    expect(await session()).toEqual({ status: "signed-out", reason: "sign-out" });
    const changes = (await own.ask({ act: "changes" })).value as string[];
    expect(changes.filter((status, n) => status !== changes[n - 1])).toEqual(["signed-out", "signed-in", "signed-out"]);
  });

  test("messages of the app pass by, and what only looks like ours does no harm", async () => {
    const { page: own } = await openWorker(stage());
    const messages = [
      null,
      "counterfoil",
      7,
      { counterfoil: 1 },
      { counterfoil: null },
      { kind: "refresh" },
      ["counterfoil"],
    ];
    await own.tab.evaluate((given) => {
      for (const message of given) page.post(message);
    }, messages);
    // Ours, and of no use.
    await own.tab.evaluate(() => {
      for (const counterfoil of ["state of affairs", "resolve", "reject"]) page.post({ counterfoil, id: 1e6 });
    });
    expect((await own.ask({ act: "heard" })).value).toEqual(messages);
    expect(await own.ask({ act: "fetch", url: "/me" })).toEqual({ value: [[200]] });
    expect(await own.tab.evaluate(() => page.heard)).toEqual([]);
  });

  test("calls fail while nobody serves it, and not after that", async () => {
    const { server, page: own } = await openWorker(stage(), "shared");
    server.expire();
    server.refresh.hold();
    const call = own.ask({ act: "fetch", url: "/me" });
    await server.seen("POST /session/refresh");
    await own.tab.evaluate(() => page.stop());
    const gone = { name: "SessionClientError", code: "REFRESH_UNREACHABLE" };
    expect(await call).toEqual(gone);
    expect(await own.ask({ act: "fetch", url: "/me" })).toEqual(gone);
    server.refresh.release();
    await own.tab.evaluate(() => page.serve());
    expect(await own.ask({ act: "fetch", url: "/me" })).toEqual({ value: [[200]] });
  });

  test("may have a client of its own beside that of the page", async () => {
    const { server, page: own } = await openWorker(stage(), "core");
    expect(await callBoth(server, own)).toEqual([TEN, { value: TEN }]);
    expect(countRefreshes(server)).toBeLessThanOrEqual(2);
    expect(await own.ask({ act: "fetch", url: "/notes", method: "POST", body: "x" })).toEqual({ value: [[200]] });
    expect(server.count("reuse-detected")).toBe(0);
  });
});
