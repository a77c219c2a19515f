import { bundleOnce } from "../browser/bundle.ts";
import { type GenerationId, GENERATIONS } from "./generations.ts";

export type Bundles = ReadonlyMap<GenerationId, string>;

// The older ones look at a global that bundlers of their time put in.
const DEFINE = { process: "undefined" };

/** The scripts of the pages: each client as its package has it, bundled as an app would. */
export async function bundlePages(): Promise<Bundles> {
  const bundles = new Map<GenerationId, string>();
  for (const { id } of GENERATIONS) {
    bundles.set(id, await bundleOnce(new URL(`pages/generation-${id}.ts`, import.meta.url), { define: DEFINE }));
  }
  return bundles;
}
