/** Another tab's refresh ends while a page looks at its cookies several times in a row. */
import { expect, test } from "vitest";
import { openSignedIn } from "./client-page.ts";
import { describeInBrowsers } from "./stage.ts";
import type { Tab } from "./tab.ts";

describeInBrowsers("a refresh by another tab", (stage) => {
  test.each([1, 2, 3])("that ends right after look %d at the cookies is the only one", async (look) => {
    const { server, page: visitor } = await openSignedIn(stage());
    server.expire();
    server.at("GET /me").hold("after", 1);
    const call = visitor.fetch("/me");
    await server.seen("GET /me");
    await refreshAfterLook(visitor.tab, look);
    server.at("GET /me").release();
    expect(await call).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual(["GET /me 401", "POST /session/refresh 200", "GET /me 200"]);
  });
});

/**
 * The browser lays new cookies between two looks of one task. A synchronous request is the one way
 * to be sure of that moment.
 */
const refreshAfterLook = (tab: Tab, look: number): Promise<void> =>
  tab.evaluate((wanted) => {
    const native = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
    let looks = 0;
    Object.defineProperty(document, "cookie", {
      configurable: true,
      get: () => {
        const seen: unknown = native?.get?.call(document);
        looks += 1;
        if (looks === wanted) {
          const request = new XMLHttpRequest();
          request.open("POST", "/session/refresh", false);
          request.setRequestHeader("rid", "1");
          request.send();
        }
        return seen;
      },
    });
  }, look);
