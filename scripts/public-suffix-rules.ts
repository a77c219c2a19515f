/**
 * Writes src/lib/options/public-suffix-rules.br from a copy of the Public Suffix List, for instance
 * the one in Debian's package `publicsuffix`:
 *
 *   npm run public-suffixes -- /usr/share/publicsuffix/public_suffix_list.dat
 */
import { readFileSync, writeFileSync } from "node:fs";
import { domainToASCII } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const [source] = process.argv.slice(2);
if (source === undefined) throw new Error("give the path of public_suffix_list.dat");

const text = readFileSync(source, "utf8");
const version = /^\/\/ VERSION: (.+)$/m.exec(text)?.[1] ?? "unknown";
const rules = text
  .split("\n")
  .map((line) => line.trim())
  // A rule of one label adds nothing to the default rule.
  .filter((line) => line !== "" && !line.startsWith("//") && line.includes("."))
  .map((rule) => rule.replace(/^([!*]?\.?)(.+)$/, (_, mark: string, name: string) => mark + domainToASCII(name)));

/** Labels by the rest of their rules, which takes half the room. */
const labels = new Map<string, string[]>();
for (const rule of rules) {
  const parentAt = rule.indexOf(".");
  const parent = rule.slice(parentAt + 1);
  const known = labels.get(parent);
  if (known === undefined) labels.set(parent, [rule.slice(0, parentAt)]);
  else known.push(rule.slice(0, parentAt));
}
const groups = [...labels].map(([parent, own]) => `${parent}:${pack(own.toSorted())}`);

/**
 * Each label without what it shares with the one before, behind a capital letter that says how many
 * characters that is: A is one. A comma: none.
 */
function pack(sorted: readonly string[]): string {
  let before = "";
  const packed = sorted.map((label) => {
    let shared = 0;
    while (shared < Math.min(before.length, label.length, 26) && before[shared] === label[shared]) shared += 1;
    before = label;
    return (shared === 0 ? "," : String.fromCharCode(64 + shared)) + label.slice(shared);
  });
  return packed.join("").slice(1);
}

const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_MODE, BROTLI_MODE_TEXT } = constants;
const params = { [BROTLI_PARAM_MODE]: BROTLI_MODE_TEXT, [BROTLI_PARAM_LGWIN]: 18 };
writeFileSync(
  new URL("../src/lib/options/public-suffix-rules.br", import.meta.url),
  brotliCompressSync(groups.join(" "), { params }),
);
console.log(`${rules.length} rules; public-suffix-rules.ts must name their version: ${version}`);
