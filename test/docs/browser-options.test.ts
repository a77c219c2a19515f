/**
 * What is written about the options of `createSessionClient`, by hand, in docs/guide/browser.md and
 * in the comments of their interface, against the defaults of the client. A table that the client
 * reads by would cost each page bytes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readOptions } from "../../src/lib/browser/client-options.ts";
import { readComments, rowsOf, write } from "./described-options.ts";
import { root } from "./snippets.ts";

const guide = readFileSync(join(root, "docs/guide/browser.md"), "utf8");
const rows = new Map(
  rowsOf(guide.slice(guide.indexOf("## Options"))).map(([option = "", cell = ""]) => [option, cell]),
);
const comments = readComments("src/lib/browser/client-options.ts");

test("the guide has a row for each option, and no other", () => {
  expect([...rows.keys()].toSorted()).toEqual([...comments.keys()].toSorted());
});

const { refreshUrl, signOutUrl, lockTimeout, refreshTimeout } = readOptions({});
test.each<[option: string, value: unknown]>([
  ["refreshPath", new URL(refreshUrl).pathname],
  ["signOutPath", new URL(signOutUrl).pathname],
  ["lockTimeout", lockTimeout],
  ["refreshTimeout", refreshTimeout],
])("%s: the default", (option, value) => {
  expect(rows.get(option)).toBe(`\`${write(value)}\``);
  expect(comments.get(option)?.replaceAll("`", "")).toContain(`Default ${write(value)}.`);
});
