import { defineConfig } from "vitest/config";

/** A run of one file, with the broker that all runs have. */
export default defineConfig({
  test: {
    include: ["test/broker/interrupted-run/waiting.ts"],
    globalSetup: ["test/broker/global-setup.ts"],
  },
});
