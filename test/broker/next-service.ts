import { buildSharedNext, type NextPackage } from "../ssr/shared-next-app.ts";
import type { Service } from "./services.ts";

/** Builds each version's app once a run. */
export function nextService(): Service {
  const builds = new Map<NextPackage, Promise<void>>();
  return {
    async answer(given) {
      const { version } = given as { readonly version: NextPackage };
      const built = builds.get(version) ?? buildSharedNext(version);
      builds.set(version, built);
      return built;
    },
    async close() {},
  };
}
