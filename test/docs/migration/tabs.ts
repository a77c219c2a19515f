/** Tabs of a real browser with the guide's `public/app.js` in them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { rolldown } from "rolldown";

export interface Tab {
  readonly page: Page;
  /** Calls a function of `public/app.js`, as it was when the tab was opened. Status and body. */
  call(name: string, ...args: readonly string[]): Promise<readonly [number, unknown]>;
}

export async function openTabOf(context: BrowserContext, origin: string): Promise<Tab> {
  const page = await context.newPage();
  await page.goto(origin);
  await page.evaluate(`import("/app.js").then((app) => { window.app = app; })`);
  return {
    page,
    call: (name, ...args) =>
      page.evaluate(
        `window.app.${name}(...${JSON.stringify(args)}).then(async (answer) => [answer.status, await answer.json()])`,
      ),
  };
}

/** As a reader's bundler does, with the version of the web client that goes with the library. */
export async function bundlePage(folder: string, code: string): Promise<string> {
  const page = join(folder, "page");
  mkdirSync(page);
  writeFileSync(join(page, "package.json"), "{}");
  writeFileSync(join(page, "app.js"), code);
  await using bundle = await rolldown({
    input: join(page, "app.js"),
    platform: "browser",
    logLevel: "silent",
    resolve: { alias: { "supertokens-website": "supertokens-website-4" } },
    // It looks at a global that bundlers of its time put in.
    transform: { define: { process: "undefined" } },
  });
  const { output } = await bundle.generate({ format: "esm" });
  return output[0].code;
}
