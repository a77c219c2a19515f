/**
 * `rotation.onReuse: "report"` over HTTP: a client that presents a superseded token goes on, and
 * nobody's refresh cookie is touched.
 */
import { describe, expect, test } from "vitest";
import {
  alive,
  callApi,
  type Credentials,
  credentialsOf,
  FRAMEWORKS,
  refresh,
  SECOND,
  signIn,
  startApp,
  type TestApp,
} from "./fixtures.ts";
import type { RawResponse } from "./send.ts";
import { parseSetCookie } from "./send.ts";

const REPORT = { rotation: { onReuse: "report" } } as const;

/** A thief copies the jar, and is faster at every turn. */
async function outrun(app: TestApp, own: Credentials): Promise<Credentials> {
  const thief = credentialsOf(await refresh(app, own), own);
  app.clock.now += 30 * SECOND;
  const confirmed = credentialsOf(await refresh(app, thief), thief);
  app.clock.now += 10 * SECOND + 1;
  return confirmed;
}

/** What a cookie of an answer is for, whatever it is called, and whether it takes one away. */
const cookiesOf = ({ cookies }: RawResponse, { access, refresh: refreshToken }: Credentials): string[] =>
  cookies.map((line) => {
    const { value } = parseSetCookie(line);
    if (value === "" || /max-age=0/i.test(line)) return "cleared";
    if (value.split(".").length === 3) return value === access ? "the old access token" : "access token";
    return value === refreshToken || value.startsWith("cfr1.") ? "refresh token" : "marker";
  });

describe.each(FRAMEWORKS)("reuse that is only reported, in $name", ({ express }) => {
  test.each(["/session/refresh", "/renew"])("%s: the victim goes on, and so does the thief", async (path) => {
    await using app = await startApp({ express, config: REPORT });
    const own = await signIn(app);
    const reported: unknown[] = [];
    app.sessions.on("reuse-detected", ({ handle, revoked }) => reported.push({ handle, revoked }));
    const thief = await outrun(app, own);
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await refresh(app, own, path);
      expect([answer.status, cookiesOf(answer, own)]).toEqual([200, ["access token", "marker"]]);
      expect((await callApi(app, credentialsOf(answer, own))).status).toBe(200);
    }
    expect((await refresh(app, thief, path)).status).toBe(200);
    expect(await alive(app, own, thief)).toEqual([true, true]);
    expect(reported).toEqual([{ handle: own.handle, revoked: false }]);
  });

  test("tokens in headers: the presented refresh token comes back", async () => {
    await using app = await startApp({ express, config: REPORT });
    const asHeader = (token: string): Promise<RawResponse> =>
      app.send({ method: "POST", path: "/session/refresh", headers: { authorization: `Bearer ${token}` } });
    const login = await app.send({ method: "POST", path: "/login", headers: { "st-auth-mode": "header" } });
    const first = login.header("st-refresh-token") ?? expect.fail("no refresh token");
    const child = (await asHeader(first)).header("st-refresh-token") ?? "";
    app.clock.now += 30 * SECOND;
    await asHeader(child);
    app.clock.now += 10 * SECOND + 1;
    const answer = await asHeader(first);
    expect([answer.status, answer.header("st-refresh-token"), answer.cookies]).toEqual([200, first, []]);
    expect(answer.header("st-access-token")?.split(".")).toHaveLength(3);
  });
});
