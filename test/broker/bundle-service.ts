import type { Service } from "./services.ts";
import { bundle, type BundleOptions } from "../browser/bundle.ts";

/** Bundles each script once a run. */
export function bundleService(): Service {
  const bundles = new Map<string, Promise<string>>();
  return {
    async answer(given) {
      const key = JSON.stringify(given);
      const bundled = bundles.get(key) ?? bundle(given as BundleOptions);
      bundles.set(key, bundled);
      return bundled;
    },
    async close() {},
  };
}
