import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest starts first, so that no worker is at it alone in the end. */
const LONG = [
  "test/store/processes.test.ts",
  "test/ssr/next-cross-site.test.ts",
  "test/store/stores.test.ts",
  "test/ssr/next.test.ts",
  "test/schedules/schedules.test.ts",
  "test/adapters/next.test.ts",
  "test/adapters/adapters.test.ts",
  "test/adapters/http2.test.ts",
  "test/model/rotation-model.test.ts",
  "test/package/compilers.test.ts",
  "test/store/redis-clusters.test.ts",
];

/** Files of these share processes, which works while they come one after another. */
const TOGETHER_SOON = ["stores", "browsers", "pages"];
/** They only compute, and the last are short, so that all workers end at about the same time. */
const TOGETHER_LAST = ["http", "contract", "unit"];

const COMPUTING = ["model", "alone", "package"];

const isOf =
  (projects: readonly string[]) =>
  ({ project }: TestSpecification): boolean =>
    projects.includes(project.name);

/** Files that compute and files that wait take turns, so that the cores have both at any time. */
export class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await super.sort(files);
    const long = LONG.flatMap((name) => usual.filter(({ moduleId }) => moduleId.endsWith(`/${name}`)));
    const take = (projects: readonly string[]): TestSpecification[] =>
      projects.flatMap((project) => usual.filter((file) => isOf([project])(file) && !long.includes(file)));
    const together = [...TOGETHER_SOON, ...TOGETHER_LAST];
    const others = usual.filter((file) => !long.includes(file) && !isOf(together)(file));
    const computing = others.filter(isOf(COMPUTING));
    const waiting = others.filter((file) => !computing.includes(file));
    return [...long, ...take(TOGETHER_SOON), ...interleave(waiting, computing), ...take(TOGETHER_LAST)];
  }
}

/** Spreads `some` evenly among `many`. */
function interleave<Item>(many: readonly Item[], some: readonly Item[]): Item[] {
  if (many.length < some.length) return interleave(some, many);
  const share = some.length / Math.max(1, many.length);
  return many.flatMap((item, index) => [
    item,
    ...some.slice(Math.floor(index * share), Math.floor((index + 1) * share)),
  ]);
}
