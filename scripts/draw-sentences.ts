/**
 * Draws sentences of our prose, for a reader to judge: `node scripts/draw-sentences.ts <seed>`. The
 * same seed draws the same ones from the same texts.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const EACH = 10;

interface Sentence {
  readonly file: string;
  readonly text: string;
}

const listed = execFileSync("git", ["ls-files", "src", "docs", "README.md"], { encoding: "utf8" }).split("\n");
const code = listed.filter((file) => /^src\/.*\.tsx?$/.test(file) && !/\.test\.ts$|migration-steps/.test(file));
const guides = listed.filter((file) => /^(?:docs\/(?:guide\/)?[^/]+|README)\.md$/.test(file));

const KINDS: Readonly<Record<string, readonly Sentence[]>> = {
  TSDoc: code.flatMap((file) => sentencesOf(file, tsdocOf(readFileSync(file, "utf8")))),
  guides: guides.flatMap((file) => sentencesOf(file, proseOf(readFileSync(file, "utf8")))),
  comments: code.flatMap((file) => sentencesOf(file, commentsOf(readFileSync(file, "utf8")))),
};

/** Blocks that begin with two stars, without their examples. */
function tsdocOf(text: string): readonly string[] {
  return [...text.matchAll(/\/\*\*(.*?)\*\//gs)].flatMap(([, block = ""]) =>
    block
      .replaceAll(/^\s*\* ?/gm, "")
      .replaceAll(/@example.*?(?=\n@|$)/gs, "")
      .split(/\n\s*\n|\n(?=[@-])/),
  );
}

/** Comments of whole lines, of which several in a row are one. */
function commentsOf(text: string): readonly string[] {
  return [...text.matchAll(/(?:^ *\/\/ .*\n)+/gm)].map(([lines]) => lines.replaceAll(/^ *\/\/ /gm, ""));
}

/** Paragraphs, without code, tables and headings. */
function proseOf(text: string): readonly string[] {
  return text
    .replaceAll(/^```.*?^```/gms, "")
    .split(/\n\s*\n/)
    .filter((paragraph) => !/^\s*[#|]/.test(paragraph));
}

function sentencesOf(file: string, blocks: readonly string[]): readonly Sentence[] {
  return blocks
    .filter((block) => !/oxlint|@ts-/.test(block))
    .flatMap((block) => block.replaceAll(/\s+/g, " ").split(/(?<=[.:?]) (?=[A-Z`*])/))
    .map((text) => ({ file, text: text.trim() }))
    .filter(({ text }) => text.split(" ").length > 3);
}

/** A small generator (mulberry32): the draw must be the same on every machine. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const seed = Number(process.argv[2] ?? "1");
const random = createRandom(seed);
for (const [kind, sentences] of Object.entries(KINDS)) {
  console.log(`\n${kind}: ${EACH} of ${sentences.length}, seed ${seed}`);
  const left = [...sentences];
  for (let count = 0; count < EACH; count += 1) {
    const [drawn] = left.splice(Math.floor(random() * left.length), 1);
    if (drawn !== undefined) console.log(`- ${drawn.file}: ${drawn.text}`);
  }
}
