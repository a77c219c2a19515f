/**
 * Keeps the browser's half as it is released, in test/browser/releases: pages that are open when a
 * server is updated go on with it. Run once per release, before the version is raised: `npm run
 * keep-browser-release`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = new URL("..", import.meta.url);
const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { version: string };
const file = new URL(`test/browser/releases/counterfoil-browser-${version}.js`, root);

await using build = await rolldown({ input: fileURLToPath(new URL("dist/browser.js", root)), platform: "browser" });
const { output } = await build.generate({ format: "iife", name: "counterfoil" });
writeFileSync(file, output[0].code);
console.log(`kept ${fileURLToPath(file)}`);
