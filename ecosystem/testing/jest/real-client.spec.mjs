/** @jest-environment ./node-globals.cjs */
import { jest } from "@jest/globals";
import { createSessionClient } from "counterfoil/browser";

test("the real client, with the globals of Node", async () => {
  globalThis.fetch = jest.fn(async () => Response.json(["a photo"]));
  const client = createSessionClient();
  expect(await (await client.fetch("/api/photos")).json()).toEqual(["a photo"]);
  expect(fetch.mock.calls[0][0].url).toBe("http://localhost/api/photos");
});
