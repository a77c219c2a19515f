import { hash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyText } from "../../../test/fixtures/text.ts";
import { encode, MINT, NOW, payloadOf, setUp } from "../../../test/fixtures/access-tokens.ts";
import { SECRET } from "../../../test/fixtures/constants.ts";
import { createSessions } from "../../index.ts";
import { memory } from "../../memory.ts";
import { VerifiedTokenCache } from "./verified-token-cache.ts";

/** With a signature of its own, by which the cache knows it. */
const tokenOf = (index: number): string => `h.p.${hash("sha256", String(index), "base64url")}`;

describe("the cache", () => {
  test("a repeated token gives the same facts, frozen through and through", async () => {
    const { tokens, another } = await setUp();
    const { value } = tokens.mint(MINT, NOW);
    const [first, hit, uncached] = [tokens, tokens, another({ cacheSize: 0 })].map((which) => which.verify(value));
    if (first?.kind !== "authentic" || hit?.kind !== "authentic") expect.fail("the token must be authentic");
    expect(hit.token).toBe(first.token);
    expect(uncached).toEqual(first);
    expect(uncached).not.toBe(first);
    const claims = hit.token.claims as { role: string; list: { a: number }[] };
    expect(() => (claims.role = "root")).toThrow(TypeError);
    expect(() => claims.list.push({ a: 2 })).toThrow(TypeError);
    expect(() => Object.assign(claims.list[0] ?? {}, { a: 2 })).toThrow(TypeError);
  });

  test("a token that differs anywhere from one that is remembered is refused", async () => {
    const { tokens } = await setUp();
    const { value } = tokens.mint(MINT, NOW);
    expect(tokens.verify(value).kind).toBe("authentic");
    const character = anyText({ minLength: 1, maxLength: 1 });
    fc.assert(
      fc.property(fc.nat(value.length - 1), character, (at, other) => {
        const changed = value.slice(0, at) + other + value.slice(at + 1);
        return changed === value || tokens.verify(changed).kind !== "authentic";
      }),
      { numRuns: 1000 },
    );
    const elevated = encode({ ...payloadOf(value), sub: "root" });
    const sameTail = value.replace(/\.[^.]+\./, `.${elevated}.`);
    expect(sameTail.slice(-22)).toBe(value.slice(-22));
    expect(tokens.verify(sameTail).kind).toBe("invalid");
    expect(tokens.verify(value).kind).toBe("authentic");
  });

  test("an entry does not outlive the token", async () => {
    let now = NOW;
    const sessions = createSessions({ store: memory(), secret: SECRET, clock: () => now });
    const { value, expires } = (await sessions.createNewSession("alice")).accessToken;
    const get = (): Promise<unknown> => sessions.getSession(value);
    for (now of [NOW, expires - 1]) await expect(get()).resolves.toBeDefined();
    for (now of [expires, expires + 1, NOW])
      await expect(get()).rejects.toMatchObject({ code: "ACCESS_TOKEN_EXPIRED" });
  });

  test("a key that is gone takes its tokens along", async () => {
    const { ring, tokens } = await setUp();
    const { value } = tokens.mint(MINT, NOW);
    expect(tokens.verify(value).kind).toBe("authentic");
    await ring.replaceAll();
    expect(tokens.verify(value).kind).toBe("unknown-key");
    expect(tokens.verify(tokens.mint(MINT, NOW).value).kind).toBe("authentic");
  });

  test.each([0, 1, 2, 3, 10])("of size %i never holds more, and holds the latest", (size) => {
    for (let count = 1; count < 40; count += 1) {
      const names = Array.from({ length: count }, (_, index) => tokenOf(index));
      const fill = (): VerifiedTokenCache<{ token: string }> => {
        const cache = new VerifiedTokenCache<{ token: string }>(size);
        for (const token of names) cache.set({ token });
        return cache;
      };
      // A cache of its own for each question, for asking changes what stays.
      const held = names.filter((name) => fill().get(name) !== undefined);
      expect(held).toEqual(names.slice(names.length - held.length));
      expect(held.length).toBeLessThanOrEqual(size);
      expect(held.length).toBeGreaterThanOrEqual(Math.min(Math.floor(size / 2), count));
      const cleared = fill();
      cleared.clear();
      expect(names.filter((name) => cleared.get(name) !== undefined)).toEqual([]);
    }
  });

  test("what is asked for all the time stays", () => {
    const cache = new VerifiedTokenCache<{ token: string }>(10);
    cache.set({ token: "busy" });
    for (let index = 0; index < 100; index += 1) {
      cache.set({ token: tokenOf(index) });
      expect(cache.get("busy")).toBeDefined();
    }
  });

  test("two tokens of one name take turns, and neither is taken for the other", () => {
    const cache = new VerifiedTokenCache<{ token: string }>(10);
    const [one, other] = ["h.p.AAAAAAA", "h.q.AAAAAAA"];
    cache.set({ token: one });
    expect(cache.get(other)).toBeUndefined();
    cache.set({ token: other });
    expect(cache.get(other)?.token).toBe(other);
    expect(cache.get(one)).toBeUndefined();
  });

  test("a text that is no token is nobody's", () => {
    const cache = new VerifiedTokenCache<{ token: string }>(10);
    cache.set({ token: "\u0141" });
    for (const text of ["", "A", "\u0100A", "\uffff".repeat(6)]) expect(cache.get(text)).toBeUndefined();
  });
});
