import { expect, test } from "vitest";
import { siteOf } from "./site.ts";

test.each([
  ["https://shop.example", "https://shop.example"],
  ["https://api.shop.example:8443", "https://shop.example"],
  ["https://a.b.shop.co.uk", "https://shop.co.uk"],
  ["https://alice.github.io", "https://alice.github.io"],
  ["https://www.alice.github.io", "https://alice.github.io"],
  ["https://github.io", "https://github.io"],
  ["http://localhost:5173", "http://localhost"],
  ["https://localhost:5173", "https://localhost"],
  ["http://127.0.0.1:4000", "http://127.0.0.1"],
  ["http://[::1]:4000", "http://[::1]"],
  ["http://shop.test:4000", "http://shop.test"],
])("the site of %s is %s", (origin, site) => {
  expect(siteOf(origin)).toBe(site);
});
