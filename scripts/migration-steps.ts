/**
 * Writes src/lib/store/migration-steps.ts from the files of `migrations/`, after one has been
 * added:
 *
 *   npm run migration-steps
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../migrations/", import.meta.url);

const dialects = readdirSync(folder).sort();
writeFileSync(
  new URL("../src/lib/store/migration-steps.ts", import.meta.url),
  `// Made by "npm run migration-steps" from the files of migrations/, which are the ones to change.
/** The text of each file by its name, so that a bundle needs no file beside it. */
export const MIGRATION_STEPS: Readonly<Record<${dialects.map((name) => `"${name}"`).join(" | ")}, Readonly<Record<string, string>>>> = {
${dialects.map(renderDialect).join("\n")}
};
`,
);

function renderDialect(dialect: string): string {
  const files = new URL(`${dialect}/`, folder);
  const steps = readdirSync(files)
    .sort()
    .map((file) => `    ${JSON.stringify(file)}: ${quote(readFileSync(new URL(file, files), "utf8"))},`);
  return `  ${dialect}: {\n${steps.join("\n")}\n  },`;
}

function quote(text: string): string {
  return `\`${text.replaceAll(/[\\`]|\$\{/g, String.raw`\$&`)}\``;
}
