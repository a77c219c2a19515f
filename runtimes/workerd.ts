/** workerd, through Miniflare, with a Worker that esbuild bundles as an app would. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { WEB_BUNDLE } from "../test/package/web-bundle.ts";
import type { StartedRuntime } from "./runtimes.ts";

/** The parts of Miniflare that are used here; its types are there only if it is installed. */
interface MiniflareModule {
  readonly Miniflare: new (options: object) => {
    unsafeGetDirectURL(): Promise<URL>;
    dispose(): Promise<void>;
  };
}

/**
 * @param entry the file of the Worker
 * @param hasObject whether it has the Durable Object of the example
 */
export async function startWorkerd(entry: string, hasObject = false): Promise<StartedRuntime> {
  const { outputFiles } = await build({ ...WEB_BUNDLE, entryPoints: [entry] });
  const path = join(import.meta.dirname, "node_modules/miniflare/dist/src/index.js");
  const { Miniflare } = (await import(pathToFileURL(path).href)) as MiniflareModule;
  const miniflare = new Miniflare({
    modules: true,
    script: outputFiles[0]?.text,
    compatibilityDate: "2026-07-01",
    compatibilityFlags: ["nodejs_compat"],
    // Past Miniflare's own Worker, which changes requests and responses.
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    d1Databases: ["DB"],
    ...(hasObject ? { durableObjects: { SESSIONS: { className: "SessionsObject", useSQLite: true } } } : {}),
    bindings: { COUNTERFOIL_SECRET: "a secret of at least thirty-two characters" },
    // Otherwise it asks a server of Cloudflare.
    cf: false,
    // The notices of the app, which tests of their own look at.
    handleRuntimeStdio: (stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream) => {
      stdout.resume();
      stderr.resume();
    },
  });
  const { port } = await miniflare.unsafeGetDirectURL();
  return { port: Number(port), stop: () => miniflare.dispose() };
}
