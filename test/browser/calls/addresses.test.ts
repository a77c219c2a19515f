/** Only http and https addresses of the API are calls to it. */
import { expect, test } from "vitest";
import { MINUTE } from "../../fixtures/constants.ts";
import { passInPage } from "../page-clocks.ts";
import { describeInAnyBrowser } from "../stage.ts";
import { openTwo } from "./calls-page.ts";
import type { CallsPageScript, Way } from "./page-script.ts";

declare const page: CallsPageScript;

const WAYS: readonly Way[] = ["fetch", "intercepted fetch", "XMLHttpRequest", "intercepted XMLHttpRequest", "worker"];

describeInAnyBrowser("an address that is not of the network", (stage) => {
  test("is read without a refresh, also where none is to be had: blob and data", async () => {
    const { server, alice } = await openTwo(stage());
    await passInPage(alice.tab, 15 * MINUTE);
    server.expire();
    server.refresh.answer(503, {}, "", 100);
    for (const way of WAYS) {
      const outcomes = await alice.tab.evaluate(async (given) => {
        const addresses = [URL.createObjectURL(new Blob(["a picture"])), "data:text/plain,a%20picture"];
        return Promise.all(addresses.map((address) => page.call(given, "GET", address)));
      }, way);
      expect(outcomes, way).toEqual([{ status: 200 }, { status: 200 }]);
    }
    expect(server.takeCalls()).toEqual([]);
  });

  test("is none of the client's, whatever its scheme", async () => {
    const { server, alice } = await openTwo(stage());
    const host = new URL(server.origin).host;
    const addresses = [
      `blob:${server.origin}/7c9e6679-7425-40de-944b-e07fc1f90ae7`,
      `filesystem:${server.origin}/temporary/picture.png`,
      "data:text/plain,text",
      "about:blank",
      "file:///notes",
      `ws://${host}/notes`,
      `ftp://${host}/notes`,
      `httpx://${host}/notes`,
    ];
    const prepare = (list: readonly string[]): Promise<readonly boolean[]> =>
      alice.tab.evaluate(
        (given) =>
          Promise.all(given.map(async (url) => (await page.client.prepare({ url, method: "GET" })) !== undefined)),
        list,
      );
    expect(await prepare(addresses)).toEqual(addresses.map(() => false));
    expect(await prepare([`${server.origin}/notes`, `HTTP://${host}/notes`])).toEqual([true, true]);
  });
});
