/*!
 * Reads public-suffix-rules.br: the Public Suffix List (https://publicsuffix.org), version of npm
 * package psl 1.15.0, December 2024, rules of two and more labels, grouped by all labels but the
 * first and packed. That file is subject to the terms of the Mozilla Public License, v. 2.0:
 * https://mozilla.org/MPL/2.0/.
 */
export function readRules(): string | undefined {
  try {
    // Not imported: few apps need the rules, and not every runtime has files.
    const { readFileSync } = process.getBuiltinModule("node:fs");
    const { brotliDecompressSync } = process.getBuiltinModule("node:zlib");
    return brotliDecompressSync(readFileSync(new URL("./public-suffix-rules.br", import.meta.url))).toString();
  } catch {
    // The runtime has no files, or the bundle lacks this one.
    return undefined;
  }
}
