import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bound } from "../../../test/fixtures/bounds.ts";
import { World } from "../../../test/fixtures/key-world.ts";
import { memory } from "../../memory.ts";
import { contextOf } from "../session/assemble-sessions.ts";
import type { SessionStore } from "../session/session-store.ts";

const INTERVALS = 5;
const TOKENS = bound(1_000, 10_000);

describe("unknown keys", () => {
  test(`of ${2 * INTERVALS * TOKENS} tokens cost one reload per interval and no other call`, async () => {
    const store = memory();
    const calls: string[] = [];
    const counting = new Proxy(store, {
      get: (target, name: keyof SessionStore) => (calls.push(name), target[name]),
    });
    const world = new World(counting);
    const sessions = world.sessions();
    const { refreshToken } = await sessions.createNewSession("alice");
    await contextOf(sessions).upkeep.settled();
    world.now += 30_000;
    calls.length = 0;
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (let turn = 0; turn < INTERVALS * TOKENS; turn += 1) {
      const kid = randomBytes(8);
      const token = `${encode({ alg: "HS256", kid: kid.toString("base64url"), typ: "at+jwt" })}.e30.AAAA`;
      await expect(sessions.getSession(token)).rejects.toMatchObject({ code: "ACCESS_TOKEN_INVALID" });
      const body = Buffer.concat([kid, Buffer.from(refreshToken.value.slice(5), "base64url").subarray(8)]);
      const refresh = sessions.refreshSession(`cfr1.${body.toString("base64url")}`);
      await expect(refresh).rejects.toMatchObject({ code: "REFRESH_TOKEN_INVALID" });
      if (turn % TOKENS === TOKENS - 1) {
        expect(calls).toEqual(["listKeys"]);
        calls.length = 0;
        world.now += 10_000;
      }
    }
  });

  test("are looked up, so that a process that slept through a rotation accepts its tokens", async () => {
    const world = new World();
    const [a, b] = [world.sessions(), world.sessions()];
    await Promise.all([a.ready(), b.ready()]);
    const { activatesAt } = await a.rotateSigningKey();
    world.now = activatesAt;
    const { accessToken, refreshToken } = await a.createNewSession("alice");
    await expect(b.getSession(accessToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
    await expect(b.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
  });

  test("are no reason to refuse a token while the store cannot be asked, and are looked up a second later", async () => {
    let down = false;
    const store = memory();
    const listKeys: SessionStore["listKeys"] = () => (down ? Promise.reject(new Error("down")) : store.listKeys());
    const world = new World({ ...store, listKeys });
    const [a, b] = [world.sessions(), world.sessions()];
    await Promise.all([a.ready(), b.ready()]);
    world.now = (await a.rotateSigningKey()).activatesAt;
    const { refreshToken } = await a.createNewSession("alice");
    down = true;
    for (const wait of [0, 999]) {
      world.now += wait;
      await expect(b.refreshSession(refreshToken.value)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    }
    down = false;
    world.now += 1;
    await expect(b.refreshSession(refreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
  });

  test("are looked up once for all who ask at the same time", async () => {
    const world = new World();
    const [a, b] = [world.sessions(), world.sessions()];
    await Promise.all([a.ready(), b.ready()]);
    world.now = (await a.rotateSigningKey()).activatesAt;
    const created = await Promise.all(["alice", "bob", "carol"].map((user) => a.createNewSession(user)));
    const refreshed = created.map(({ refreshToken }) => b.refreshSession(refreshToken.value));
    await expect(Promise.all(refreshed)).resolves.toHaveLength(3);
  });

  test("log nobody out while the signing algorithm changes process by process", async () => {
    const world = new World();
    const before = world.sessions();
    const { refreshToken } = await before.createNewSession("alice");
    const unknown = `cfr1.AAAAAAAAAAA${refreshToken.value.slice(16)}`;
    await expect(before.refreshSession(unknown)).rejects.toMatchObject({ code: "REFRESH_TOKEN_INVALID" });
    world.now += 1000;
    const after = world.sessions({ tokens: { accessToken: { signing: "EdDSA" } } });
    const { newRefreshToken } = await after.refreshSession(refreshToken.value);
    await expect(before.refreshSession(newRefreshToken.value)).resolves.toMatchObject({ session: { userId: "alice" } });
  });
});
