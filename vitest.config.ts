import { existsSync } from "node:fs";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { bound } from "./test/fixtures/bounds.ts";
import { Sequencer } from "./test/run/sequencer.ts";

const results = process.env["COUNTERFOIL_TEST_RESULTS"];

interface Project {
  readonly name: string;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  /** Files that leave nothing behind share their processes, which saves the start of one for each. */
  readonly isolate?: boolean;
  /** Beside those of all projects. */
  readonly execArgv?: readonly string[];
}

/** The clauses on stores that need no server. */
const CONTRACT = ["test/store/{own-stores,store-clauses}.test.ts"];

/**
 * Files that look at what there is once in a process: the default instance, what is told only once,
 * and what instances
 * that others have left open tell of requests to any server. And those that load Next.js, which
 * changes globals.
 */
const ALONE = [
  "test/http/{default-instance,forgotten-instance,planted-mistakes}.test.ts",
  "test/seed/**/*.test.ts",
  "test/adapters/{next,next-proxy,unreached}.test.ts",
];

/** What only `npm run proof` runs. */
const PROOF = "**/*.proof.test.ts";

const projects: readonly Project[] = [
  // These two are `npm run test:fast`.
  { name: "unit", include: ["src/**/*.test.ts"], isolate: false },
  { name: "contract", include: CONTRACT, isolate: false },
  { name: "model", include: ["test/{model,schedules}/**/*.test.ts"] },
  {
    name: "http",
    include: ["test/{http,adapters,websocket,security}/**/*.test.ts"],
    exclude: ALONE,
    isolate: false,
  },
  { name: "alone", include: ALONE },
  { name: "counts", include: ["test/counts/**/*.test.ts"] },
  {
    name: "stores",
    include: ["test/{store,servers,broker,control,doctor}/**/*.test.ts"],
    exclude: CONTRACT,
    isolate: false,
  },
  { name: "browsers", include: ["test/browser/**/*.test.ts"], isolate: false },
  { name: "pages", include: ["test/{clients,ssr,docs}/**/*.test.ts", "examples/**/*.test.ts"], isolate: false },
  {
    name: "ecosystem",
    include: ["ecosystem/**/*.test.ts"],
    // Whether its packages are installed, the other files say.
    exclude: existsSync("ecosystem/node_modules/jsdom") ? [] : ["ecosystem/testing/{jsdom,happy-dom}.test.ts"],
    execArgv: ["--import", new URL("ecosystem/testing/own-packages.mjs", import.meta.url).href],
  },
  { name: "package", include: ["test/package/**/*.test.ts"] },
  { name: "runtimes", include: ["runtimes/*.test.ts"], isolate: false },
];

// Tests refuse requests all the time. They still reach listeners of "warning".
const EXEC_ARGV = ["--disable-warning=CounterfoilNotice"];

const toConfig = ({
  name,
  include,
  exclude = [],
  isolate = true,
  execArgv = [],
}: Project): TestProjectInlineConfiguration => ({
  extends: true,
  test: {
    name,
    include: [...include],
    exclude: ["**/node_modules/**", ...bound([PROOF], []), ...exclude],
    isolate,
    execArgv: [...EXEC_ARGV, ...execArgv],
  },
});

export default defineConfig({
  test: {
    projects: projects.map(toConfig),
    // Once for the whole run; each starts only what is asked for.
    globalSetup: ["test/broker/global-setup.ts"],
    setupFiles: ["test/run/cpu-time.ts"],
    // On a busy machine everything takes its time: a build of Next.js minutes, a page more than the second that polls
    // have by default.
    testTimeout: bound(180_000, 1_800_000),
    hookTimeout: 600_000,
    expect: { poll: { timeout: 30_000 } },
    // Files of browsers and servers wait as well; with four, pages starve that watch a clock.
    maxWorkers: 3,
    sequence: { sequencer: Sequencer },
    reporters: results === undefined ? ["default"] : ["default", ["json", { outputFile: results }]],
  },
});
