/**
 * Requests of another site that name a mode, and bring a token of the attacker's in a header: they
 * never act for the visitor whose cookies come along.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  apiCookies,
  type Credentials,
  FRAMEWORKS,
  refreshCookies,
  signIn,
  startApp,
  type TestApp,
} from "../http/fixtures.ts";

const [{ express }] = FRAMEWORKS;
let app: TestApp;
let alice: Credentials;
let mallory: string;

beforeAll(async () => {
  app = await startApp({ express });
  alice = await signIn(app, "user=alice");
  const answer = await app.send({ method: "POST", path: "/login?user=mallory", headers: { "st-auth-mode": "header" } });
  mallory = answer.header("st-access-token") ?? expect.fail("no token");
});
afterAll(() => app[Symbol.asyncDispose]());

const MODES = [undefined, "cookie", "header", "HEADER", "cookie, header", "none"];
const TOKENS: Readonly<Record<string, () => string | undefined>> = {
  "no token": () => undefined,
  "a token that is none": () => "junk",
  "the attacker's token": () => mallory,
};

test.each(MODES.flatMap((mode) => Object.keys(TOKENS).map((token) => ({ mode, token }))))(
  "mode $mode, with $token",
  async ({ mode, token }) => {
    const value = TOKENS[token]?.();
    for (const [path, cookie] of [
      ["/api", apiCookies(alice)],
      ["/session/refresh", refreshCookies(alice)],
      ["/session/signout", apiCookies(alice)],
      ["/session/sessions/revoke?others=true", apiCookies(alice)],
      ["/login?user=mallory", apiCookies(alice)],
    ] as const) {
      const answer = await app.send({
        method: "POST",
        path,
        headers: {
          cookie,
          origin: "https://evil.example",
          "sec-fetch-site": "cross-site",
          ...(mode === undefined ? {} : { "st-auth-mode": mode }),
          ...(value === undefined ? {} : { authorization: `Bearer ${value}` }),
        },
      });
      expect([path, answer.all("set-cookie"), answer.text.includes("alice")]).toEqual([path, [], false]);
      // The attacker may do what he likes with his own session.
      if (value !== mallory) expect([path, answer.status]).not.toEqual([path, 200]);
    }
    expect(await app.sessions.getSessionsForUser("alice")).toHaveLength(1);
    const own = await app.send({ path: "/api", headers: { cookie: apiCookies(alice) } });
    expect(own.json()).toMatchObject({ user: "alice" });
  },
);

test("the same from a page of ours is done, so the rows above can fail", async () => {
  const headers = { cookie: refreshCookies(alice), "sec-fetch-site": "same-origin", "st-auth-mode": "header" };
  const answer = await app.send({ method: "POST", path: "/session/refresh", headers });
  expect([answer.status, answer.all("set-cookie").length, answer.header("st-access-token")]).toEqual([
    200,
    3,
    undefined,
  ]);
});
