import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createSessionClient, type SessionClient, type SessionResponse } from "counterfoil/browser";
import { SessionProvider, useSession } from "counterfoil/react";
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SessionServer } from "../session-server.ts";

const run = promisify(execFile);

function Who(): string {
  const session = useSession();
  return session.status === "signed-in" ? String(session.userId) : session.status;
}

test("one client for all requests: each page shows its own user", () => {
  const client = createSessionClient();
  const render = (initialSession: { handle: string; userId: string; claims: object } | null | undefined): string =>
    renderToString(h(SessionProvider, { client, initialSession }, h(Who)));
  expect(render({ handle: "a", userId: "alice", claims: {} })).toBe("alice");
  expect(render({ handle: "b", userId: "bob", claims: {} })).toBe("bob");
  expect([render(null), render(undefined)]).toEqual(["signed-out", "loading"]);
  expect(client.session()).toMatchObject({ status: "signed-out" });
});

test("a hook without a provider says so", () => {
  expect(() => renderToString(h(Who))).toThrow("no SessionProvider stands above this component");
});

test("a client on a server keeps no process alive", async () => {
  const code = `import { createSessionClient } from "counterfoil/browser"; console.log(createSessionClient().session().status);`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], { timeout: 30_000 });
  expect(stdout).toBe("signed-out\n");
});

describe("a client on a server", () => {
  let server: SessionServer;
  beforeAll(async () => {
    server = await new SessionServer("localhost").start();
  });
  afterAll(() => server.stop());

  const login = (client: SessionClient, user: string): Promise<SessionResponse> =>
    client.signIn(`${server.origin}/login`, { method: "POST", body: JSON.stringify({ user }) });

  test("learns nothing from what its users do, and renders nobody of them", async () => {
    const client = createSessionClient({ api: server.origin });
    const changes: unknown[] = [];
    client.subscribe(() => changes.push(client.session()));
    const answer = await login(client, "alice");
    expect(answer.headers.get("counterfoil-session")).toMatch(/^1\./);
    const cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(";", 1)[0])
      .join("; ");
    // As the app sends it, and once: the next user pays for nothing.
    const init = { method: "POST", headers: { cookie, "anti-csrf": answer.headers.get("anti-csrf")! }, body: "x" };
    expect((await client.fetch(`${server.origin}/notes`, init)).status).toBe(200);
    expect((await client.fetch(`${server.origin}/notes`, { method: "POST" })).status).toBe(401);
    server.expire();
    expect((await client.fetch(`${server.origin}/notes`, init)).status).toBe(401);
    expect(server.takeCalls()).toEqual(["POST /login 200", "POST /notes 200", "POST /notes 401", "POST /notes 401"]);
    const left = await client.fetch(`${server.origin}/logout`, init);
    expect(left.sessionError).toBeUndefined();
    await client.refresh();
    await client.signOut();
    expect(client.session()).toEqual({ status: "signed-out" });
    expect(changes).toEqual([]);
    const html = renderToString(h(SessionProvider, { client, initialSession: undefined }, h(Who)));
    expect(html).toBe("loading");
  });

  test("lets no user wait for the sign-in of another one", async () => {
    const client = createSessionClient({ api: server.origin, lockTimeout: 600_000 });
    server.takeCalls();
    server.at("POST /login").hold("before", 1);
    const slow = login(client, "alice");
    await server.seen("POST /login");
    expect((await login(client, "bob")).status).toBe(200);
    server.at("POST /login").release();
    expect((await slow).status).toBe(200);
  });
});
