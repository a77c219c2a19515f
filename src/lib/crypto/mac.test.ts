import { createHmac, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createMac, MAX_MAC_MESSAGE } from "./mac.ts";

const reference = (key: Uint8Array, message: string | Uint8Array): Buffer =>
  createHmac("sha256", key)
    .update(typeof message === "string" ? Buffer.from(message, "latin1") : message)
    .digest();

test.each([
  {
    number: 1,
    key: Buffer.alloc(20, 0x0b),
    data: Buffer.from("Hi There"),
    tag: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  },
  {
    number: 2,
    key: Buffer.from("Jefe"),
    data: Buffer.from("what do ya want for nothing?"),
    tag: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  },
  {
    number: 3,
    key: Buffer.alloc(20, 0xaa),
    data: Buffer.alloc(50, 0xdd),
    tag: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
  },
  {
    number: 4,
    key: Buffer.from("0102030405060708090a0b0c0d0e0f10111213141516171819", "hex"),
    data: Buffer.alloc(50, 0xcd),
    tag: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
  },
])("test case $number of RFC 4231 comes out", ({ key, data, tag }) => {
  expect(createMac(key).digest(data).toString("hex")).toBe(tag);
});

test("a key longer than a block, as in cases 6 and 7 of RFC 4231, is refused", () => {
  expect(() => createMac(Buffer.alloc(65, 0xaa))).toThrow(RangeError);
  expect(() => createMac(Buffer.alloc(131, 0xaa))).toThrow(RangeError);
});

test("every length of key gives what node's HMAC gives", () => {
  for (let length = 0; length <= 64; length += 1) {
    const key = randomBytes(length);
    expect(createMac(key).digest("message")).toEqual(reference(key, "message"));
  }
});

test("every length of message gives what node's HMAC gives, one after the other with one key", () => {
  const key = randomBytes(32);
  const mac = createMac(key);
  const lengths = [...Array(300).keys(), 1000, MAX_MAC_MESSAGE - 1, MAX_MAC_MESSAGE, 0, 63, 64, 65, 1];
  for (const length of lengths) {
    const message = randomBytes(length);
    expect(mac.digest(message)).toEqual(reference(key, message));
    expect(mac.digest(message.toString("latin1"))).toEqual(reference(key, message));
  }
});

test("any sequence of messages under any two keys gives what node's HMAC gives", () => {
  const message = fc.oneof(fc.uint8Array({ maxLength: 500 }), fc.string({ maxLength: 500 }));
  const key = fc.uint8Array({ maxLength: 64 });
  fc.assert(
    fc.property(key, key, fc.array(message, { maxLength: 10 }), (a, b, messages) => {
      const [macA, macB] = [createMac(a), createMac(b)];
      for (const text of messages) {
        expect(macA.digest(text)).toEqual(reference(a, text));
        expect(macB.digest(text)).toEqual(reference(b, text));
      }
    }),
  );
});

test("a result stays what it was when the next one is computed", () => {
  const mac = createMac(randomBytes(32));
  const first = mac.digest("first");
  const copy = Buffer.from(first);
  mac.digest("second");
  expect(first).toEqual(copy);
});

test("a message that is too long is refused", () => {
  const mac = createMac(randomBytes(32));
  expect(() => mac.digest("x".repeat(MAX_MAC_MESSAGE + 1))).toThrow(RangeError);
  expect(() => mac.digest(Buffer.alloc(MAX_MAC_MESSAGE + 1))).toThrow(RangeError);
});

describe("the text of a MAC", () => {
  const mac = createMac(Buffer.alloc(32, 7));
  const text = mac.text("message");

  test("is its digest in base64url, and the one text that matches", () => {
    expect(text).toBe(mac.digest("message").toString("base64url"));
    expect(mac.matches("message", text)).toBe(true);
    expect(mac.matches("massage", text)).toBe(false);
  });

  test("is refused with one character changed, one more or one less", () => {
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === "A" ? "B" : "A";
      expect(mac.matches("message", text.slice(0, at) + other + text.slice(at + 1))).toBe(false);
    }
    for (const wrong of ["", text.slice(1), `${text}A`, `${text}=`]) expect(mac.matches("message", wrong)).toBe(false);
  });

  test("is refused where a character is the right one but for its upper bits", () => {
    for (let at = 0; at < text.length; at += 1) {
      const folded = String.fromCharCode(text.charCodeAt(at) + 0x100);
      expect(mac.matches("message", text.slice(0, at) + folded + text.slice(at + 1))).toBe(false);
    }
  });
});
