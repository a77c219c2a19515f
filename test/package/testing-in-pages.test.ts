/** `counterfoil/testing` in a bundle for browsers: for stories, and tests in a browser. */
import { fileURLToPath } from "node:url";
import { build, type BuildResult } from "esbuild";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const bundle = (name: string): Promise<BuildResult<{ metafile: true }>> =>
  build({
    stdin: { contents: `export { ${name} } from "counterfoil/testing";`, resolveDir: ROOT },
    absWorkingDir: ROOT,
    bundle: true,
    format: "esm",
    platform: "browser",
    metafile: true,
    write: false,
    logLevel: "silent",
  });

test("fakeSessionClient brings nothing of the server along", async () => {
  const { metafile } = await bundle("fakeSessionClient");
  const files = Object.keys(metafile.inputs).filter((file) => file !== "<stdin>");
  expect(files).toContain("dist/lib/browser/testing/fake-session-client.js");
  expect(files.filter((file) => !file.startsWith("dist/lib/browser/"))).toEqual([]);
});

test("what needs the server is not there, and the bundler says so", async () => {
  await expect(bundle("signInForTest")).rejects.toThrow('No matching export in "dist/lib/browser/testing');
});
