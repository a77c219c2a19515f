import { beforeEach, expect, test } from "vitest";
import { createNotify, type NoticeCode, quote } from "./notices.ts";

interface Warning extends Error {
  readonly code?: string;
}

let warnings: Warning[] = [];
beforeEach(() => {
  warnings = [];
  const note = (warning: Warning): void => void warnings.push(warning);
  process.on("warning", note);
  return () => void process.off("warning", note);
});

/** Node hands warnings to listeners a moment later. */
const told = async (): Promise<readonly Warning[]> => {
  await new Promise(setImmediate);
  return warnings;
};

test("a fault is told of once, as a warning with its code and the page that explains it", async () => {
  const notify = createNotify(false);
  for (let count = 0; count < 3; count += 1) notify({ code: "COUNTERFOIL_ORIGIN", write: () => "Seen and cure." });
  const [warning, ...others] = await told();
  expect(others).toEqual([]);
  expect(warning).toMatchObject({
    name: "CounterfoilNotice",
    code: "COUNTERFOIL_ORIGIN",
    message: "Seen and cure. See docs/guide/troubleshooting.md#counterfoil_origin",
  });
});

test("another instance tells of it again: its config may be another one", async () => {
  for (let count = 0; count < 2; count += 1) createNotify(false)({ code: "COUNTERFOIL_ORIGIN", write: () => "Seen." });
  expect(await told()).toHaveLength(2);
});

test("in production nothing is told, and nothing is written", async () => {
  createNotify(true)({
    code: "COUNTERFOIL_ORIGIN",
    write: () => {
      throw new Error("must not be asked");
    },
  });
  expect(await told()).toEqual([]);
});

test("five things of one code are told of, however many a client invents, and other codes still are", async () => {
  const notify = createNotify(false);
  const say = (code: NoticeCode, about: string): void => notify({ code, about, write: () => about });
  for (let index = 0; index < 10_000; index += 1) say("COUNTERFOIL_ORIGIN", `https://${index}.example`);
  say("COUNTERFOIL_CLOCK", "slow");
  expect((await told()).map(({ message }) => message.split(" ")[0])).toEqual([
    "https://0.example",
    "https://1.example",
    "https://2.example",
    "https://3.example",
    "https://4.example",
    "slow",
  ]);
});

test("values of a request are quoted in printable ASCII, and cut off", () => {
  expect(quote("https://shop.example")).toBe('"https://shop.example"');
  expect(quote('a"b\\c\nd\u001b[31m\u202eé\u007f')).toBe('"a\\"b\\\\c\\nd\\u001b[31m\\u202e\\u00e9\\u007f"');
  expect(quote("x".repeat(100))).toBe(`"${"x".repeat(100)}"`);
  expect(quote("x".repeat(101))).toBe(`"${"x".repeat(100)}"...`);
});
