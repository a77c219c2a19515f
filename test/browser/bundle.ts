/** Scripts for pages, bundled as an app would. Nothing is written to disk. */
import { fileURLToPath } from "node:url";
import { askBroker, hasBroker } from "../broker/broker-client.ts";

export interface BundleOptions {
  readonly file: string;
  /** What stands in the script for these names. */
  readonly define?: Readonly<Record<string, string>>;
  readonly format?: "iife" | "esm";
}

/** The bundle of a file, which is made once a run. */
export async function bundleOnce(file: URL | string, options: Omit<BundleOptions, "file"> = {}): Promise<string> {
  const given: BundleOptions = { file: fileURLToPath(file), ...options };
  return hasBroker() ? askBroker("bundle", given) : bundle(given);
}

export async function bundle({ file, define, format = "iife" }: BundleOptions): Promise<string> {
  const { rolldown } = await import("rolldown");
  const transform = define === undefined ? {} : { define: { ...define } };
  await using build = await rolldown({ input: file, platform: "browser", logLevel: "silent", transform });
  const { output } = await build.generate({ format });
  return output[0].code;
}
