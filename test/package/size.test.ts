import { expect, test } from "vitest";
import { measureSizes } from "../../scripts/size.ts";

const sizes = await measureSizes();

test.each(sizes)("$part is $bytes bytes, minified and gzipped", ({ bytes, most }) => {
  // Less would mean that nothing was measured.
  expect(bytes).toBeGreaterThan(200);
  expect(bytes).toBeLessThanOrEqual(most);
});
