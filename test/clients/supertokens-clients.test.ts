import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { CounterfoilConfig } from "counterfoil";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isSkippedWithoutBrowser, openBrowser } from "../browser/chromium.ts";
import { type Bundles, bundlePages } from "./bundles.ts";
import { AGE_FEATURES } from "./features/age.ts";
import { CLAIM_FEATURES } from "./features/claims.ts";
import { type Feature, UNTIL_EXPIRED } from "./features/feature.ts";
import { RACE_FEATURES } from "./features/races.ts";
import { SESSION_FEATURES } from "./features/session.ts";
import { WIRE_FEATURES } from "./features/wire.ts";
import { type Generation, GENERATIONS } from "./generations.ts";
import { Stage } from "./stage.ts";
import { readGuide, SupportTable, toMarkdown } from "./support-table.ts";

const FEATURES = [...SESSION_FEATURES, ...CLAIM_FEATURES, ...RACE_FEATURES, ...WIRE_FEATURES, ...AGE_FEATURES];
const require = createRequire(import.meta.url);

test.each(GENERATIONS)("$version is the one that is installed", ({ id, version }) => {
  const manifest: unknown = JSON.parse(readFileSync(require.resolve(`supertokens-website-${id}/package.json`), "utf8"));
  expect(manifest).toMatchObject({ name: "supertokens-website", version });
});

const isSkipped = isSkippedWithoutBrowser("the published SuperTokens web clients");
describe.skipIf(isSkipped)("SuperTokens web clients (need a browser: Debian's chromium, or CHROMIUM_PATH)", () => {
  const table = new SupportTable();
  let bundles: Bundles;
  let browser: Browser;
  let context: BrowserContext;
  beforeAll(async () => {
    [bundles, browser] = await Promise.all([bundlePages(), openBrowser()]);
    context = await browser.newContext();
  });
  afterAll(async () => {
    await browser?.close();
    console.log(toMarkdown(table.rows(FEATURES)));
  });

  async function trial(generation: Generation, run: Feature["run"], config: CounterfoilConfig = {}): Promise<void> {
    await using stage = new Stage(generation, context, bundles, config);
    await run(stage);
  }

  // The clients never read these cookies, so the way of a session through them is enough.
  describe.each(SESSION_FEATURES.filter(({ title }) => /^expiry|^sign-out$/.test(title)))(
    "with cookie.hostPrefix true: $title",
    ({ run }) => {
      test.each(GENERATIONS)("$version", (generation) => trial(generation, run, { cookie: { hostPrefix: true } }));
    },
  );

  test.each(GENERATIONS)("below a path, and with cookie.prefix: $version", (generation) => {
    const config = { http: { basePath: "/shop" }, cookie: { prefix: "shop_" } };
    const live = async (stage: Stage): Promise<void> => {
      const api = await stage.serve();
      const visitor = await stage.openSignedIn(api, { base: "/shop" });
      api.advance(UNTIL_EXPIRED);
      expect(await visitor.fetch("GET", "/me")).toMatchObject({ status: 200, body: { user: "alice" } });
      await visitor.signOut();
      expect(api.takeCalls()).toEqual([
        "GET /me 401",
        "POST /shop/auth/session/refresh 200",
        "GET /me 200",
        "POST /shop/auth/signout 200",
      ]);
      const cookies = await visitor.page.context().cookies(`http://${stage.site}/shop/auth/session/refresh`);
      expect(cookies.filter(({ name }) => /s(?:Access|Refresh|IdRefresh)Token$/.test(name))).toEqual([]);
    };
    return trial(generation, live, config);
  });

  for (const feature of FEATURES) {
    const { without } = feature;
    describe(feature.title, () => {
      for (const generation of GENERATIONS) {
        const reason = feature.lacks?.[generation.id];
        if (reason === undefined) {
          test(generation.version, async () => {
            await trial(generation, feature.run);
            table.note(feature, generation);
          });
        } else if (without !== undefined) {
          test(`${generation.version}, ${reason}`, () => trial(generation, without));
        }
      }
    });
  }

  test("the guide's table says what ran", () => {
    expect(readGuide()).toEqual(table.rows(FEATURES));
  });
});
