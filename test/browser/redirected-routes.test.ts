/**
 * A server that sends each path on to the one with a slash at its end, as Next.js does with
 * `trailingSlash: true`.
 */
import { expect, test } from "vitest";
import { openSignedIn } from "./client-page.ts";
import { describeInAnyBrowser } from "./stage.ts";

const sentOn = (path: string): [number, Record<string, string>] => [308, { location: `${path}/` }];

describeInAnyBrowser("session routes that are sent on", (stage) => {
  test("refresh and sign-out follow to the path with a slash", async () => {
    const { server, page } = await openSignedIn(stage());
    server.expire();
    server.refresh.answer(...sentOn("/session/refresh"));
    expect(await page.fetch("/me")).toMatchObject({ status: 200 });
    expect(server.takeCalls()).toEqual([
      "GET /me 401",
      "POST /session/refresh 308",
      "POST /session/refresh/ 200",
      "GET /me 200",
    ]);
    server.at("POST /session/signout").answer(...sentOn("/session/signout"));
    expect(await page.signOut()).toBe(true);
    expect(server.takeCalls()).toEqual(["POST /session/signout 308", "POST /session/signout/ 200"]);
    expect(server.count("session-revoked")).toBe(1);
  });

  test("a page that they are sent on to ends nothing: it is somebody else's answer", async () => {
    const { server, page } = await openSignedIn(stage());
    const before = await page.session();
    server.expire();
    server.refresh.answer(302, { location: "/open" });
    expect(await page.fetch("/me")).toMatchObject({ status: 401, code: "REFRESH_FAILED" });
    expect(await page.session()).toEqual(before);
  });

  test("another origin gets no call that is sent on to it", async () => {
    const { server, page } = await openSignedIn(stage());
    const api = await stage().serve({ http: { trustedOrigins: [server.origin] } });
    server.expire();
    server.refresh.answer(308, { location: `${api.origin}/session/refresh` });
    expect(await page.fetch("/me")).toMatchObject({ status: 401, code: "REFRESH_UNREACHABLE" });
    expect(api.takeCalls()).toEqual([]);
  });
});
