/** Each folder of src imports only what its row of the table in scripts/layers.ts says. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { findFaults, MAY_IMPORT, readImports, toLayers } from "../../scripts/layers.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));
const OURS = readImports(SRC);

/** What is said of the tree when it has these files too, each with one import. */
const faultsWith = (files: Readonly<Record<string, string>>): string[] =>
  findFaults(
    toLayers(
      new Map([...OURS, ...Object.entries(files).map(([file, to]) => [file, [join(dirname(file), to)]] as const)]),
    ),
  );

test("every arrow points down, and no two files import each other", () => {
  expect(OURS.size).toBeGreaterThan(200);
  expect(findFaults(toLayers(OURS))).toEqual([]);
});

test.each([
  ["lib/session/probe.ts", "../http/cookies.ts", "session may not import http"],
  ["lib/session/probe.ts", "../config/config.ts", "session may not import config"],
  ["lib/crypto/probe.ts", "../key/key-record.ts", "crypto may not import key"],
  ["lib/key/probe.ts", "../session/session-store.ts", "key may not import session"],
  ["lib/store/probe.ts", "./sql/sql-driver.ts", "store may not import store/sql"],
  ["lib/http/probe.ts", "../token/ticket.ts", "http may not import token"],
  ["lib/http/exchange/probe.ts", "../cookies.ts", "http/exchange may not import http"],
  ["lib/browser/probe.ts", "../errors.ts", "browser may not import lib"],
  ["lib/testing/store/probe.ts", "../../store/memory-store.ts", "testing/store may not import store"],
  ["lib/probe.ts", "../index.ts", "lib may not import entries"],
  ["lib/new/probe.ts", "../errors.ts", "new may not import lib"],
])("a type that %s imports from %s", (file, to, fault) => {
  expect(faultsWith({ [file]: to })).toContain(fault);
});

test("two files that import each other's types, and two folders", () => {
  const faults = faultsWith({
    "lib/key/one.ts": "./other.ts",
    "lib/key/other.ts": "./one.ts",
    "lib/crypto/probe.ts": "../key/one.ts",
  });
  expect(faults).toContain("files import each other: lib/key/one.ts > lib/key/other.ts > lib/key/one.ts");
  expect(faults).toContain("crypto and key import each other");
});

test("a table that says more than there is", () => {
  const table = { ...MAY_IMPORT, options: ["lib", "protocol"], gone: [], protocol: ["lib"] };
  expect(findFaults(toLayers(OURS), table)).toEqual(
    expect.arrayContaining([
      "the table has gone, and there is no such folder",
      "nothing in options imports protocol; take it out of the table",
      expect.stringContaining("the table has a circle: "),
    ]),
  );
});

test("CONTRIBUTING draws what is there", () => {
  const text = readFileSync(join(SRC, "../CONTRIBUTING.md"), "utf8");
  const drawn = [...text.matchAll(/^\| `([\w/-]+)\/` \|/gm)].map(([, folder]) => folder);
  const own = Object.keys(MAY_IMPORT).filter((folder) => !["lib", "entries"].includes(folder));
  expect(drawn.toSorted()).toEqual(own.toSorted());
});
