import { expect, test } from "vitest";
import type { PageParts } from "./page-parts.ts";
import { renderStatus } from "./status-section.ts";

const render = (facts: { readonly storeKind: string | undefined; readonly feedLag: number | undefined }): string => {
  const session = {
    policy: { accessToken: { validity: 900_000, revocation: "store" } },
    storeKind: facts.storeKind,
    now: () => 0,
    stats: () => ({ feedLag: facts.feedLag }),
  };
  return renderStatus({ session } as unknown as PageParts).text.replaceAll(/\s+/g, " ");
};

test("the store, and the lag of the feed if there is one", () => {
  const known = render({ storeKind: "PostgreSQL <13>", feedLag: 12.4 });
  expect(known).toContain("PostgreSQL &#60;13&#62;");
  expect(known).toContain("12 ms");
  expect(known).toContain("store, valid for 15 min");
  expect(render({ storeKind: undefined, feedLag: undefined }).match(/unknown/g)).toHaveLength(2);
});
