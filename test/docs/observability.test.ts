/** The tables of the guide, against the code. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LOG_LEVELS } from "../../src/lib/telemetry/log-events.ts";
import { root } from "./snippets.ts";

const folder = join(root, "src/lib/opentelemetry");
const files = readdirSync(folder).filter((file) => !file.includes(".test."));
const code = files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
const byName = ([a = ""]: readonly unknown[], [b = ""]: readonly unknown[]): number =>
  String(a).localeCompare(String(b));
const guide = readFileSync(join(root, "docs/guide/observability.md"), "utf8");

test("the table of events has each event with its level", () => {
  const rows = guide.matchAll(/^\| `([a-z-]+)` \| `(info|warn|error)` \|/gm);
  expect(Object.fromEntries(Array.from(rows, ([, name, level]) => [name, level]))).toEqual(LOG_LEVELS);
});

test("the table of metrics has each metric with its kind and unit", () => {
  const made = code.matchAll(/create(?:Observable)?(\w+)\("([\w.]+)", \{\s+description: "[^"]+",\s+unit: "([^"]+)"/g);
  const instruments = Array.from(made, ([, kind = "", name, unit]) => [name, kind.toLowerCase(), unit]);
  expect(instruments.length).toBeGreaterThan(5);
  const rows = guide.matchAll(/^\| `(counterfoil\.[\w.]+)` \| (\w+), `([^`]+)` \|/gm);
  expect(Array.from(rows, ([, ...row]) => row).toSorted(byName)).toEqual(instruments.toSorted(byName));
});

test("the table of metrics has each attribute", () => {
  const attributes = new Set(
    Array.from(code.matchAll(/"(counterfoil\.[\w.]+|error\.type)":/g), ([, name = ""]) => name),
  );
  expect(attributes.size).toBeGreaterThan(5);
  for (const name of attributes) expect(guide).toContain(`\`${name}\``);
});
