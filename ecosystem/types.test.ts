import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { describeWithFolder } from "../test/run/describe-with-folder.ts";

describeWithFolder("ecosystem", "the types of this folder", () => {
  // Not in `npm run types`, which does without these packages.
  test("agree with those of the other projects", () => {
    const { stdout, status } = spawnSync("tsc", ["--project", import.meta.dirname], { encoding: "utf8" });
    expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
  });
});
