import { expect, test } from "vitest";
import { describeDuration, showDevice, showTime, showUser } from "./console-words.ts";
import type { Html } from "./html.ts";

test.each([
  [0, "0 s"],
  [999, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_599_999, "59 min"],
  [3_600_000, "1 h"],
  [86_399_999, "23 h"],
  [86_400_000, "1 d"],
  [400 * 86_400_000, "400 d"],
])("%d ms are %s", (ms, text) => {
  expect(describeDuration(ms)).toBe(text);
});

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

test("a time is in UTC, and says how far it is", () => {
  expect(showTime(NOW - 90_000, NOW).text).toBe(
    '<time datetime="2026-01-02T03:02:35.000Z">2026-01-02 03:02:35 UTC</time> <small>1 min ago</small>',
  );
  expect(showTime(NOW + 90_000, NOW).text).toContain("<small>in 1 min</small>");
  expect(showTime(NOW, NOW).text).toContain("<small>0 s ago</small>");
});

/** Without the line breaks of the source. */
const inOneLine = ({ text }: Html): string => text.replaceAll(/\s+/g, " ");

test("the text 42 differs from the number", () => {
  expect(inOneLine(showUser(42))).toBe('<bdi class="exact">42</bdi> <small>number</small>');
  expect(inOneLine(showUser("42"))).toBe('<bdi class="exact">&#34;42&#34;</bdi> <small>text</small>');
});

test("a device of which nothing is known says so", () => {
  expect(showDevice({}).text).toBe("unknown");
});

test("a device has its place", () => {
  expect(inOneLine(showDevice({ ip: "203.0.113.0/24", location: "Köln" }))).toMatch(/203\.0\.113\.0\/24.*Köln/);
});
