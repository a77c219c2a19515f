/**
 * Fails on lines of comments that are wider than 100 columns, since the formatter wraps code only.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const WIDTH = 100;

/** Generated, kept as released, or the text of SQL, whose digest must not change. */
const LEFT_ALONE = [
  "src/lib/options/public-suffix-rules.ts",
  "src/lib/store/migration-steps.ts",
  "test/browser/releases/",
];

const FOLDERS = ["src", "test", "scripts", "bench", "examples", "docs", "runtimes"];

const files = execFileSync("git", ["ls-files", ...FOLDERS], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /\.(?:[cm]?[jt]s|tsx)$/.test(file) && existsSync(file))
  .filter((file) => !LEFT_ALONE.some((path) => file.startsWith(path)));

const wide = files.flatMap((file) => widerLines(readFileSync(file, "utf8")).map((line) => `${file}:${line}`));
for (const line of wide) console.error(`${line}: a comment is wider than ${WIDTH} columns`);
if (wide.length > 0) process.exitCode = 1;

/**
 * Numbers of the lines, but for those of a code fence and those that are one long word, such as a
 * URL.
 */
function widerLines(text: string): readonly number[] {
  let isFence = false;
  return text.split("\n").flatMap((line, index) => {
    if (/^\s*\* ?```/.test(line)) isFence = !isFence;
    const comment = /^\s*(?:\/\*\*?|\*|\/\/) +(.*)$/.exec(line)?.[1];
    const isWide = !/oxlint-disable/.test(line) && line.length > WIDTH && comment?.includes(" ") === true;
    return isWide && !isFence ? [index + 1] : [];
  });
}
