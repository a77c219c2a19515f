/** What happens to a page load, over raw HTTP; the same for every way of rendering. */
import { beforeAll, describe, expect, test } from "vitest";
import { type PageServer, type Serve, startPages } from "./page-server.ts";
import { createVisitor, HEADERS_OF, type Load, seen, TOO_OLD, visit } from "./visitor.ts";

const REFRESH = "/session/refresh";
const TRY_REFRESH = { message: "try refresh token" };

const setsCookies = ({ answers }: Load): readonly number[] => answers.map(({ cookies }) => cookies.length);

/**
 * @param serverOf what has been started before the tests
 * @param serve starts one whose config is another
 */
export function describePageLoads(name: string, serverOf: () => PageServer, serve: Serve): void {
  describe(`${name}: page loads`, () => {
    let server: PageServer;
    beforeAll(() => {
      server = serverOf();
    });

    test("a valid session is rendered", async () => {
      const { load, user } = await visit(server);
      const page = await load("/notes?page=1");
      expect([page.status, page.trail, seen(page), page.cookies]).toEqual([200, [], `Notes of ${user}`, []]);
    });

    test("nobody is signed out, and stays where they are", async () => {
      const { load } = createVisitor(server);
      const page = await load("/?page=1");
      expect([page.status, page.trail, seen(page), page.cookies]).toEqual([200, [], "Signed out", []]);
    });

    test.each([HEADERS_OF.page, HEADERS_OF.oldPage])(
      "expired: through the refresh route and back, to a clean address: %j",
      async (headers) => {
        const { load, user, cookies } = await visit(server);
        const before = cookies(REFRESH);
        server.expire();
        const refreshed = server.count("session-refreshed");
        const page = await load("/notes?page=1&q=%26a%3D", { headers });
        expect(page.trail).toEqual([
          "303 /session/refresh?to=%2Fnotes%3Fpage%3D1%26q%3D%2526a%253D",
          "303 /notes?page=1&q=%26a%3D&session-refreshed=NOW",
          "303 /notes?page=1&q=%26a%3D",
        ]);
        expect([page.status, seen(page), setsCookies(page)]).toEqual([200, `Notes of ${user}`, [0, 3, 0, 0]]);
        expect(page.answers.slice(0, 3).map((one) => one.header("cache-control"))).toEqual(Array(3).fill("no-store"));
        expect(server.count("session-refreshed") - refreshed).toBe(1);
        for (const pair of before.split("; ")) expect(cookies(REFRESH)).not.toContain(pair);
      },
    );

    test("expired, and the sign-in is too old for the page: not rendered, however its token is renewed", async () => {
      const { load, user } = await visit(server);
      expect((await load("/settings")).text.replaceAll("<!-- -->", "")).toContain(`Settings of ${user}`);
      server.expire();
      const page = await load("/settings");
      expect([page.text.includes("Settings of"), page.trail.length > 1]).toEqual([false, true]);
      // Without the mark, with which a reload would not be refreshed.
      expect(page.address).toBe("/settings");
      expect(page.text).toMatch(TOO_OLD);
      expect((await load("/settings")).text).toMatch(TOO_OLD);
      expect(seen(await load("/notes"))).toBe(`Notes of ${user}`);
    });

    test("expired, and asked by a script: 401, and nothing is set", async () => {
      const { fetch } = await visit(server);
      server.expire();
      for (const path of ["/api/me", "/notes?page=1"]) {
        const answer = await fetch(path);
        expect([path, answer.status, answer.json(), answer.cookies]).toEqual([path, 401, TRY_REFRESH, []]);
      }
      expect((await fetch(REFRESH, "POST")).status).toBe(200);
      expect((await fetch("/api/me")).status).toBe(200);
    });

    test("the session has been ended: signed out, cookies cleared, a clean address", async () => {
      const { load, user, cookies } = await visit(server);
      await server.revoke(user);
      server.expire();
      const page = await load("/?page=1");
      expect(page.trail).toEqual([
        "303 /session/refresh?to=%2F%3Fpage%3D1",
        "303 /?page=1&session-refreshed=NOW",
        "303 /?page=1",
      ]);
      expect([page.status, seen(page), cookies(REFRESH)]).toEqual([200, "Signed out", ""]);
    });

    test.each(["/", "/?session-refreshed=1700000000000", "/?session-refreshed=1&page=1&session-refreshed=2"])(
      "a browser that drops new cookies is not sent around: %s",
      async (path) => {
        const { load } = await visit(server);
        server.expire();
        const page = await load(path, { keeps: false });
        expect([page.status, seen(page), page.trail.length]).toEqual([200, "Signed out", 2]);
        // Nothing is lost: as soon as it takes cookies again, the user is back.
        expect(server.count("reuse-detected")).toBe(0);
        expect(seen(await load("/"))).toMatch(/^Signed in/);
      },
    );

    test("a mark that somebody copied counts for nothing", async () => {
      const { load, user } = await visit(server);
      server.expire();
      const page = await load("/notes?session-refreshed=1700000000000&page=1");
      expect([page.address, seen(page)]).toEqual(["/notes?page=1", `Notes of ${user}`]);
    });

    test.each(
      [
        "//evil.example",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nset-cookie: a=b",
        "/a\u0000b",
        "/%09/evil.example\u00a0",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/.//evil.example",
        "/a/..//evil.example",
        "/./\\evil.example",
        "@evil.example",
        "",
        ` /a`,
        `/${"a".repeat(6000)}`,
      ].map((to) => [to.slice(0, 30), to] as const),
    )("no other place to come back to than a path of this origin: %j", async (_, to) => {
      const { load } = await visit(server);
      const page = await load(`${REFRESH}?to=${encodeURIComponent(to)}`);
      expect([page.status, page.trail, page.cookies]).toEqual([400, [], []]);
    });

    test.each([REFRESH, `${REFRESH}?to=${encodeURIComponent(REFRESH)}`, `/x/..${REFRESH}`])(
      "the refresh route is no page to come back to: %j",
      async (to) => {
        const { load } = await visit(server);
        const refreshed = server.count("session-refreshed");
        const page = await load(`${REFRESH}?to=${encodeURIComponent(to)}`);
        expect([page.status, page.trail, server.count("session-refreshed") - refreshed]).toEqual([400, [], 0]);
      },
    );

    test("the store is down: 503, and nobody is logged out", async () => {
      const { load, user } = await visit(server);
      server.expire();
      const page = await server.whileDown(() => load("/notes"));
      expect([page.status, page.json(), page.trail.length]).toEqual([503, { message: "unavailable" }, 1]);
      expect(setsCookies(page)).toEqual([0, 0]);
      expect(seen(await load("/notes"))).toBe(`Notes of ${user}`);
    });

    test("ten tabs, and scripts of ten others, at once: nobody is logged out", async () => {
      const { load, fetch, user } = await visit(server);
      server.expire();
      const ended = server.count("session-revoked");
      const loads = Array.from({ length: 10 }, (_, tab) => load(`/notes?tab=${tab}`));
      const fetches = Array.from({ length: 10 }, () => fetch(REFRESH, "POST"));
      const pages = await Promise.all(loads);
      const statuses = (await Promise.all(fetches)).map(({ status }) => status);
      expect(pages.map(seen)).toEqual(Array(10).fill(`Notes of ${user}`));
      expect(pages.map(({ address }) => address)).toEqual(pages.map((_, tab) => `/notes?tab=${tab}`));
      for (const status of statuses) expect([200, 409]).toContain(status);
      expect([server.count("reuse-detected"), server.count("session-revoked") - ended]).toEqual([0, 0]);
      server.expire();
      expect(seen(await load("/notes"))).toBe(`Notes of ${user}`);
    });
  });

  test(`${name}: an ended session whose access token still lives, where each request is checked: signed out, cookies cleared`, async () => {
    await using server = await startPages(serve, { tokens: { accessToken: { revocation: "store" } } });
    const { load, fetch, user, cookies } = await visit(server);
    await server.revoke(user);
    const data = await fetch("/api/me");
    expect([data.status, data.json(), data.cookies]).toEqual([401, { message: "unauthorised" }, []]);
    const page = await load("/?page=1");
    expect([page.status, seen(page), page.address]).toEqual([200, "Signed out", "/?page=1"]);
    expect(cookies(REFRESH)).toBe("");
  });
}
