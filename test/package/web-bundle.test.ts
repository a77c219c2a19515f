/** What of the package is in a bundle for a runtime without files and sockets. */
import { build, type Metafile } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { root } from "./installed-tarball.ts";
import { WEB_BUNDLE } from "./web-bundle.ts";

const APP = `
  export { createSessions } from "counterfoil";
  export { memory } from "counterfoil/memory";
  export { d1 } from "counterfoil/d1";
  export { withSessions, verifySession } from "counterfoil/web";
`;

async function bundle(conditions: readonly string[]): Promise<{ readonly metafile: Metafile; readonly text: string }> {
  const { metafile, outputFiles } = await build({
    ...WEB_BUNDLE,
    conditions: [...conditions],
    stdin: { contents: APP, resolveDir: root },
    metafile: true,
  });
  return { metafile, text: outputFiles[0]?.text ?? "" };
}

/** Built-in modules that the bundle imports. */
const builtIns = ({ outputs }: Metafile): readonly string[] =>
  [...new Set(Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path)))].toSorted();

let web: Awaited<ReturnType<typeof bundle>>;

beforeAll(async () => {
  web = await bundle(WEB_BUNDLE.conditions);
});

test("it imports what nodejs_compat and its like have, and neither files, sockets nor SQLite", () => {
  expect(builtIns(web.metafile)).toEqual([
    "node:async_hooks",
    "node:crypto",
    "node:path",
    "node:stream",
    "node:timers/promises",
  ]);
});

test("it has neither the SQLite store, the file of the secret nor the rules of public suffixes", () => {
  const files = Object.keys(web.metafile.inputs).map((file) => file.replace(/^.*\bdist\//, ""));
  expect(files).toContain("no-files.js");
  expect(files).not.toContain("sqlite.js");
  expect(files).not.toContain("secret-file.js");
  // The first words of the packed rules, and a pragma of the store.
  expect(web.text).not.toMatch(/journal_mode|DatabaseSync|github\.io/);
});

test.each([[["workerd"]], [["edge-light"]], [["worker"]], [["browser"]]])(
  "so it is with the condition %s",
  async (conditions) => {
    expect(builtIns((await bundle(conditions)).metafile)).toEqual(builtIns(web.metafile));
  },
);

test("a bundle for Node has the default store and the file of the secret", async () => {
  expect(builtIns((await bundle(["node"])).metafile)).toEqual(expect.arrayContaining(["node:fs", "node:sqlite"]));
});
