import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const results = process.env["COUNTERFOIL_TEST_RESULTS"];

interface Project {
  readonly name: string;
  readonly include: readonly string[];
  /** Files that leave nothing behind share their processes, which saves the start of one for each. */
  readonly isolate?: boolean;
}

const projects: readonly Project[] = [
  { name: "unit", include: ["src/**/*.test.ts"], isolate: false },
  { name: "model", include: ["test/{model,schedules}/**/*.test.ts"] },
  { name: "http", include: ["test/{http,adapters,websocket,seed}/**/*.test.ts"] },
  { name: "stores", include: ["test/{store,servers}/**/*.test.ts"] },
  { name: "browsers", include: ["test/browser/**/*.test.ts"], isolate: false },
  { name: "pages", include: ["test/{clients,ssr,docs}/**/*.test.ts", "examples/**/*.test.ts"] },
  { name: "package", include: ["test/package/**/*.test.ts"] },
];

const toConfig = ({ name, include, isolate = true }: Project): TestProjectInlineConfiguration => ({
  extends: true,
  test: { name, include: [...include], isolate },
});

export default defineConfig({
  test: {
    projects: projects.map(toConfig),
    // Once for the whole run; each starts only what is asked for.
    globalSetup: ["test/broker/global-setup.ts"],
    setupFiles: ["test/run/cpu-time.ts"],
    // On a busy machine everything takes its time, a page more than the second that polls have by default.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    // More than the cores: the files of browsers and servers wait more than they compute.
    maxWorkers: 4,
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
  },
});
