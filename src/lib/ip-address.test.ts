import { isIPv4 as nodeIsIPv4, isIPv6 as nodeIsIPv6 } from "node:net";
import * as fc from "fast-check";
import { test } from "vitest";
import { isIPv4, isIPv6 } from "./ip-address.ts";

/** Addresses, and what looks much like one. */
const anyAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4Extended(),
  fc.ipV4().map((address) => `::ffff:${address}`),
  fc.tuple(fc.ipV6(), fc.nat(), fc.constantFrom(":", ".", "0", "]", "/", " ", "g")).map(([address, at, added]) => {
    const index = at % (address.length + 1);
    return address.slice(0, index) + added + address.slice(index);
  }),
  fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
  fc.string(),
);

test("an address is one for node:net too, and the other way round", () => {
  fc.assert(
    fc.property(anyAddress, (text) => {
      const ours = [isIPv4(text), isIPv6(text)];
      return ours[0] === nodeIsIPv4(text) && (text.includes("%") || ours[1] === nodeIsIPv6(text));
    }),
    { numRuns: 3000 },
  );
});
