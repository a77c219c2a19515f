import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

export interface PageBundle {
  readonly code: string;
  /** In bytes. */
  readonly size: { readonly minified: number; readonly gzipped: number };
}

/** A page of pages/, bundled and minified as for users. */
export async function bundlePage(file: string): Promise<PageBundle> {
  const input = fileURLToPath(new URL(`pages/${file}`, import.meta.url));
  // Node 22, on which the bench is run as well, does not know `await using`.
  const bundle = await rolldown({
    input,
    platform: "browser",
    logLevel: "silent",
    transform: { define: { process: "undefined" } },
  });
  try {
    const { output } = await bundle.generate({ format: "iife", minify: true });
    const { code } = output[0];
    return { code, size: { minified: Buffer.byteLength(code), gzipped: gzipSync(code, { level: 9 }).length } };
  } finally {
    await bundle.close();
  }
}
