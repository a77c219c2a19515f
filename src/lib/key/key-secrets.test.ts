import { describe, expect, test } from "vitest";
import { SECRET } from "../../../test/fixtures/constants.ts";
import { World } from "../../../test/fixtures/key-world.ts";

describe("the secret", () => {
  const NEW = "a new secret for tests, of 32 characters or more";

  test("is rotated by a list: the start rewraps the keys, and then the old one can go", async () => {
    const world = new World();
    const { accessToken, refreshToken, antiCsrfToken } = await world.sessions().createNewSession("alice");
    const [before] = await world.store.listKeys();
    await world.sessions({ secret: [SECRET, NEW] }).ready();
    expect(await world.store.listKeys()).toEqual([before]);
    await expect(world.sessions({ secret: NEW }).ready()).rejects.toMatchObject({ code: "SECRET_MISMATCH" });

    const both = world.sessions({ secret: [NEW, SECRET] });
    await expect(both.getSession(accessToken.value, antiCsrfToken)).resolves.toBeDefined();
    const [after] = await world.store.listKeys();
    expect(after).toEqual({ ...before, wrappedSeed: expect.not.stringMatching(before?.wrappedSeed ?? "") as string });

    await expect(world.sessions().ready()).rejects.toMatchObject({ code: "SECRET_MISMATCH" });
    const only = world.sessions({ secret: NEW });
    await expect(only.getSession(accessToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    await expect(only.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    expect(await world.store.listKeys()).toEqual([after]);
  });

  test("is not wrapped back and forth while processes with the old and the new list run side by side", async () => {
    const world = new World();
    await world.sessions({ secret: [SECRET, NEW] }).ready();
    const [old, fresh] = [world.sessions({ secret: [SECRET, NEW] }), world.sessions({ secret: [NEW, SECRET] })];
    await old.ready();
    await fresh.ready();
    const [wrapped] = await world.store.listKeys();
    for (let minute = 0; minute < 4; minute += 1) {
      world.now += 61_000;
      await old.createNewSession("alice");
      await fresh.createNewSession("bob");
    }
    expect(await world.store.listKeys()).toEqual([wrapped]);
  });

  test("that does not fit is refused with the key's name and what to write, and without the secret", async () => {
    const world = new World();
    await world.sessions().ready();
    const [key] = await world.store.listKeys();
    const error: unknown = await world
      .sessions({ secret: NEW })
      .createNewSession("alice")
      .catch((fault: unknown) => fault);
    expect(error).toMatchObject({ errType: 1000, code: "SECRET_MISMATCH" });
    const message = String(error);
    expect(message).toContain(key?.kid);
    expect(message).toContain("secret: [current, earlier]");
    expect(message).not.toContain(NEW);
  });

  test.each(["kid", "algorithm"] as const)("authenticates the %s of a key along with its seed", async (field) => {
    const world = new World();
    await world.ring().load();
    const [key] = await world.store.listKeys();
    if (key === undefined) expect.fail("there is no key");
    await world.store.deleteKey(key.kid);
    await world.store.insertKey({ ...key, [field]: field === "kid" ? "AAAAAAAAAAA" : "ES256" });
    await expect(world.ring().load()).rejects.toMatchObject({ code: "SECRET_MISMATCH" });
  });
});
