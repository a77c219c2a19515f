import { expect, test } from "vitest";
import { lazyResource } from "./app-driver.ts";

async function endWith(fault: Error): Promise<unknown> {
  const { get, end } = lazyResource(
    async () => "a pool",
    async () => Promise.reject(fault),
  );
  await get();
  return end();
}

test.each([
  ["was lost while it was opened", { code: "PROTOCOL_CONNECTION_LOST", fatal: true }],
  ["was reset", { code: "ECONNRESET", fatal: true }],
  ["was closed before", { fatal: true }],
  ["never came about", { code: "ECONNREFUSED" }],
])("a connection that %s is ended", async (_, fields) => {
  await expect(endWith(Object.assign(new Error("of the driver"), fields))).resolves.toBeUndefined();
});

test("any other error of the driver is the cause of one of ours", async () => {
  const cause = new Error("of the driver");
  await expect(endWith(cause)).rejects.toMatchObject({ errType: 1000, code: "STORE_UNAVAILABLE", cause });
});

test("what was never made, or could not be made, is not ended", async () => {
  const none = lazyResource(
    async () => Promise.reject(new Error("not made")),
    async () => Promise.reject(new Error("ended")),
  );
  await expect(none.end()).resolves.toBeUndefined();
  await expect(none.get()).rejects.toThrow("not made");
  await expect(none.end()).resolves.toBeUndefined();
});
