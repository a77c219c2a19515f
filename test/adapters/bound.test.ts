/** `sessionsFor` of each adapter, and the session that it finds again on a request. */
// oxlint-disable-next-line import/no-unassigned-import -- Nest wants it so
import "reflect-metadata";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { describe, expect, onTestFinished, test } from "vitest";
import { cookieHeader, send, sessionCookiesOf } from "../http/send.ts";
import { BOUND_APPS, type Claims, type Pair } from "./bound-apps.ts";

function createPair(): Pair {
  const create = (cookie: object): Pair["one"] =>
    createSessions<Claims, unknown, string>({ store: memory(), cookie: { secure: false, ...cookie } });
  const pair = { one: create({}), two: create({ prefix: "two_" }) };
  onTestFinished(() => Promise.all([pair.one.close(), pair.two.close()]).then(() => undefined));
  return pair;
}

describe.each(BOUND_APPS)("%s", (_, listen) => {
  test("the bound functions use their instance, and find its session again", async () => {
    const pair = createPair();
    const { port, close } = await listen(pair);
    onTestFinished(close);
    const signedIn = await send(port, { method: "POST", path: "/login" });
    const cookies = sessionCookiesOf(signedIn);
    expect(Object.keys(cookies)).toHaveLength(3);
    const headers = { cookie: cookieHeader(Object.entries(cookies).map(([, { name, value }]) => [name, value])) };
    expect((await send(port, { path: "/me", headers })).json()).toEqual({ user: "alice", role: "admin" });
    expect((await send(port, { path: "/me" })).status).toBe(401);

    // Two instances on one request: each finds its own, also after the other's check.
    expect((await send(port, { path: "/both", headers })).json()).toEqual({ one: "alice", two: null });
    const { accessToken } = await pair.two.createNewSession("bob", { role: "guest" });
    const both = { cookie: `${headers.cookie}; ${pair.two.cookieNames.access}=${accessToken.value}` };
    expect((await send(port, { path: "/both", headers: both })).json()).toEqual({ one: "alice", two: "bob" });

    // Neither a route without a check nor another instance is given a session.
    for (const path of ["/bare", "/wrong"])
      expect((await send(port, { path, headers })).json()).toEqual({ code: "SESSION_NOT_VERIFIED" });
  });
});
