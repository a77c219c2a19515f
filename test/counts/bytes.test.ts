import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Measured {
  readonly verification: number;
  readonly token: { readonly bytes: number; readonly length: number };
}

function measure(...given: readonly string[]): Measured {
  // Young objects are not collected while they are counted.
  const flags = ["--expose-gc", "--max-semi-space-size=128", "--min-semi-space-size=128"];
  const script = fileURLToPath(new URL("measure-bytes.ts", import.meta.url));
  const output = execFileSync(process.execPath, [...flags, script, ...given], { encoding: "utf8" });
  return JSON.parse(output) as Measured;
}

test("a known token is looked at with few bytes, and kept in few", () => {
  const { verification, token } = measure();
  console.log(
    `a look: ${verification.toFixed(0)} bytes; a kept token of ${token.length} characters: ${token.bytes.toFixed(0)} bytes`,
  );
  expect(verification).toBeLessThan(1100);
  expect(token.bytes - token.length).toBeLessThan(360);
});

test("a copy of the claims with each look is seen", () => {
  expect(measure("planted").verification).toBeGreaterThan(1300);
});
