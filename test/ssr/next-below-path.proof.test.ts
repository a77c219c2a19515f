/**
 * Next's own `basePath` and `trailingSlash`, with the files of the guide as they are. Each version
 * is a build, of some
 * 20 s of CPU. That an app may live below a path is tried by test/http/base-path and
 * test/adapters/below-a-path as well.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BASE, buildBelowPath, serveBelowPath } from "./next-below-path.ts";
import { type PageServer, startPages } from "./page-server.ts";
import { seen, type Visitor, visit } from "./visitor.ts";
import type { RawResponse } from "../http/send.ts";

const VERSIONS = ["next", "next15"] as const;

/** As a browser follows a 308: with the same method. */
async function post({ fetch }: Visitor, path: string): Promise<RawResponse> {
  const answer = await fetch(BASE + path, "POST");
  const to = answer.header("location");
  return answer.status === 308 && to !== undefined ? fetch(new URL(to, "http://localhost").pathname, "POST") : answer;
}

describe.each(VERSIONS)("%s with basePath and trailingSlash", (version) => {
  let server: PageServer;
  beforeAll(async () => {
    await buildBelowPath(version);
    server = await startPages(serveBelowPath(version), { http: { basePath: BASE } });
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  test.each(["/notes/?page=1", "/?page=1", "/"])(
    "an expired page %s goes through the refresh route and back",
    async (path) => {
      const { load, user } = await visit(server, BASE);
      server.expire();
      const refreshed = server.count("session-refreshed");
      const page = await load(BASE + path);
      expect([page.status, seen(page)]).toEqual([
        200,
        expect.stringMatching(new RegExp(`^(?:Signed in as|Notes of) ${user}$`)),
      ]);
      expect(page.address).toBe(BASE + path);
      // Next 15 writes whole addresses.
      expect(page.trail[0]?.replace(server.origin, "")).toBe(
        `303 ${BASE}/session/refresh?to=${encodeURIComponent(BASE + path)}`,
      );
      expect(server.count("session-refreshed") - refreshed).toBe(1);
    },
  );

  test("scripts refresh, see their devices and sign out", async () => {
    const visitor = await visit(server, BASE);
    server.expire();
    expect((await visitor.fetch(`${BASE}/api/me/`)).status).toBe(401);
    expect((await post(visitor, "/session/refresh")).status).toBe(200);
    expect((await visitor.fetch(`${BASE}/api/me/`)).json()).toEqual({ user: visitor.user });
    const list = await visitor.fetch(`${BASE}/session/sessions/`);
    expect([list.status, list.json()]).toMatchObject([200, { sessions: [{ current: true }] }]);
    expect((await visitor.fetch(`${BASE}/.well-known/jwks.json`)).json()).toEqual({ keys: [] });
    expect((await post(visitor, "/session/signout")).status).toBe(200);
    expect(visitor.cookies(`${BASE}/session/refresh`)).toBe("");
    expect(seen(await visitor.load(`${BASE}/`))).toBe("Signed out");
  });

  test("the refresh cookie is sent to the refresh route alone", async () => {
    const { cookies } = await visit(server, BASE);
    expect(cookies(`${BASE}/session/refresh/`)).toContain("sRefreshToken=");
    expect(cookies("/session/refresh")).not.toContain("sRefreshToken=");
    expect(cookies(`${BASE}/`)).not.toContain("sRefreshToken=");
  });
});
