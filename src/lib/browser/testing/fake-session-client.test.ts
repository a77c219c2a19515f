import { fakeSessionClient } from "counterfoil/testing";
import { expect, test } from "vitest";

const EVENTS = ["signed-in", "signed-out", "user-changed", "refreshed", "change"] as const;

function listen(client: ReturnType<typeof fakeSessionClient>): string[] {
  const heard: string[] = [];
  for (const event of EVENTS)
    client.on(event, (state) => heard.push(`${event} ${"userId" in state ? state.userId : state.status}`));
  return heard;
}

const ok: typeof fetch = async () => new Response();

test("each change has the events of the real client, after `change`", () => {
  const client = fakeSessionClient();
  const heard = listen(client);
  for (const state of [
    { userId: "alice" },
    { userId: "alice", claims: { role: "admin" } },
    { userId: "alice", handle: "another" },
    { userId: "bob" },
    { status: "loading" },
    { userId: "bob" },
    { status: "signed-out", reason: "theft" },
  ] as const)
    client.setState(state);
  expect(heard.filter((text) => !text.startsWith("change "))).toEqual([
    "signed-in alice",
    "refreshed alice",
    "signed-in alice",
    "user-changed bob",
    "signed-in bob",
    "signed-out signed-out",
  ]);
  expect(heard.filter((text) => text.startsWith("change "))).toHaveLength(7);
  expect(heard[0]).toBe("change alice");
});

test("a first state is not announced", () => {
  const client = fakeSessionClient({ status: "loading" });
  const heard = listen(client);
  client.setState({ userId: "alice" });
  expect(heard).toEqual(["change alice"]);
});

test("session() is the same object until something changes", async () => {
  const client = fakeSessionClient({ userId: "alice" });
  const first = client.session();
  expect(client.session()).toBe(first);
  expect(first).toEqual({
    status: "signed-in",
    userId: "alice",
    claims: {},
    handle: expect.stringMatching(/^[\w-]{24}$/),
    accessExpires: undefined,
  });
  await client.refresh();
  expect(client.session()).toEqual(first);
  expect(client.session()).not.toBe(first);
});

test("signIn signs its user in, in a new session, if the response is ok", async () => {
  const client = fakeSessionClient({ userId: "alice", claims: { role: "admin" } }, { fetch: ok });
  const before = client.session();
  await client.signIn("/login");
  expect(client.session()).toMatchObject({ userId: "alice", claims: { role: "admin" } });
  expect(client.session()).not.toMatchObject({ handle: "handle" in before && before.handle });

  const refused = fakeSessionClient(undefined, { fetch: async () => new Response(null, { status: 401 }) });
  expect((await refused.signIn("/login")).status).toBe(401);
  expect(refused.session()).toEqual({ status: "signed-out" });

  const anybody = fakeSessionClient(undefined, { fetch: ok });
  await anybody.signIn("/login");
  expect(anybody.session()).toMatchObject({ userId: "user" });
});

test("signOut and refresh move the state as far as it can be moved", async () => {
  const client = fakeSessionClient({ userId: "alice" }, { fetch: ok });
  const heard = listen(client);
  expect(await client.signOut()).toBe(true);
  expect(await client.signOut()).toBe(true);
  expect(await client.refresh()).toEqual({ status: "signed-out", reason: "sign-out" });
  expect(heard).toEqual(["change signed-out", "signed-out signed-out"]);
  client.setState({ status: "loading" });
  expect(await client.refresh()).toMatchObject({ status: "signed-in", userId: "alice" });
});

test("a response without headers, as stubs have, is passed on", async () => {
  const response = { ok: true, json: async () => 1 };
  const client = fakeSessionClient(undefined, { fetch: async () => response as unknown as Response });
  expect(await client.fetch("/api/me")).toBe(response);
});
