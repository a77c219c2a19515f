/** A caller who wants to wait no longer. */
import { expect, test } from "vitest";
import { openSignedIn } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

declare const page: ClientPageScript;

describeInAnyBrowser("a call that its caller aborts", (stage) => {
  test("while others wait for the same refresh: rejects before it is over, is not sent again, and the refresh goes on", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.expire();
    server.refresh.hold("before");
    await visitor.tab.evaluate(() => {
      const controller = new AbortController();
      const call = page.client.fetch("/me?aborted", { signal: controller.signal });
      const aborted = call.then(
        () => "resolved",
        (error: unknown) => (error as Error).name,
      );
      const patient = page.fetch("/me?patient");
      Object.assign(globalThis, { controller, aborted, patient });
    });
    await server.seen("POST /session/refresh");
    await server.seen("GET /me", 2);
    const name = await visitor.tab.evaluate(async () => {
      const { controller, aborted } = globalThis as unknown as {
        controller: AbortController;
        aborted: Promise<string>;
      };
      controller.abort();
      return aborted;
    });
    expect(name).toBe("AbortError");
    expect(server.count("session-refreshed")).toBe(0);
    server.refresh.release();
    expect(
      await visitor.tab.evaluate(
        async () => (await (globalThis as unknown as { patient: Promise<{ status: number }> }).patient).status,
      ),
    ).toBe(200);
    expect(await visitor.fetch("/me?later")).toMatchObject({ status: 200 });
    // Both were refused; the patient one and the later one were sent after that.
    expect(server.takeCalls().toSorted()).toEqual([
      "GET /me 200",
      "GET /me 200",
      "GET /me 401",
      "GET /me 401",
      "POST /session/refresh 200",
    ]);
    expect(server.count("session-refreshed")).toBe(1);
  });

  test("before it begins: rejects with the reason, and nothing is sent", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    const reason = await visitor.tab.evaluate(() =>
      page.client.fetch("/me", { signal: AbortSignal.abort("changed my mind") }).catch((error: unknown) => error),
    );
    expect(reason).toBe("changed my mind");
    expect(server.takeCalls()).toEqual([]);
  });

  test("while the server works on it: rejects as a plain fetch does", async () => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.at("GET /me").hold("before", 1);
    await visitor.tab.evaluate(() => {
      const controller = new AbortController();
      const aborted = page.client
        .fetch("/me", { signal: controller.signal })
        .catch((error: unknown) => (error as Error).name);
      Object.assign(globalThis, { controller, aborted });
    });
    await server.seen("GET /me");
    const name = await visitor.tab.evaluate(async () => {
      const { controller, aborted } = globalThis as unknown as {
        controller: AbortController;
        aborted: Promise<string>;
      };
      controller.abort();
      return aborted;
    });
    expect(name).toBe("AbortError");
  });
});
