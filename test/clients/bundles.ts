import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { type GenerationId, GENERATIONS } from "./generations.ts";

export type Bundles = ReadonlyMap<GenerationId, string>;

// The older ones look at a global that bundlers of their time put in.
const DEFINE = { process: "undefined" };

/** The scripts of the pages: each client as its package has it, bundled as an app would. Nothing is written to disk. */
export async function bundlePages(): Promise<Bundles> {
  const bundles = new Map<GenerationId, string>();
  for (const { id } of GENERATIONS) {
    const input = fileURLToPath(new URL(`pages/generation-${id}.ts`, import.meta.url));
    await using bundle = await rolldown({
      input,
      platform: "browser",
      logLevel: "silent",
      transform: { define: DEFINE },
    });
    const { output } = await bundle.generate({ format: "iife" });
    bundles.set(id, output[0].code);
  }
  return bundles;
}
