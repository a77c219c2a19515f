/** @jest-environment jsdom */
import { jest } from "@jest/globals";
import { createSessionClient } from "counterfoil/browser";
import { fakeSessionClient } from "counterfoil/testing";

test("jsdom in Jest has neither fetch nor Request, and fakeSessionClient needs no Request", async () => {
  expect([typeof fetch, typeof Request]).toEqual(["undefined", "undefined"]);
  const fetchForTest = jest.fn(async () => ({ ok: true, json: async () => ["a photo"] }));
  const client = fakeSessionClient({ userId: "alice" }, { fetch: fetchForTest });
  expect(await (await client.fetch("/api/photos")).json()).toEqual(["a photo"]);
  await client.signOut();
  await client.signIn("/login", { method: "POST" });
  expect(client.session()).toMatchObject({ status: "signed-in", userId: "alice" });
  expect(fetchForTest.mock.calls).toEqual([
    ["/api/photos", undefined],
    ["/login", { method: "POST" }],
  ]);
});

test("the real client does", async () => {
  await expect(createSessionClient().fetch("/api/me")).rejects.toThrow("Request is not defined");
});
