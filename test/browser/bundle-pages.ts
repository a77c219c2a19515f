import { fileURLToPath } from "node:url";
import type { Express } from "express";
import { rolldown } from "rolldown";

/** The scripts of the tests: `/page.js` is the bundle of pages/client-page.ts, and `/page` a page that loads it. */
const SCRIPTS = {
  page: "client-page.ts",
} as const;

type ScriptName = keyof typeof SCRIPTS;
const bundles = new Map<ScriptName, Promise<string>>();

/** Serves each script, a page for each, and `/blank`, which has none. */
export function addPages(app: Express): Express {
  for (const name of Object.keys(SCRIPTS) as ScriptName[]) {
    app.get(`/${name}.js`, async (_req, res) => void res.type("js").send(await readScript(name)));
    app.get(`/${name}`, async (_req, res) => {
      // A script that cannot be bundled is an answer 500, and not a page where nothing works.
      await readScript(name);
      res.type("html").send(pageWith(name, `<script src="/${name}.js"></script>`));
    });
  }
  app.get("/blank", (_req, res) => void res.type("html").send(pageWith("blank")));
  app.get("/favicon.ico", (_req, res) => void res.status(204).end());
  return app;
}

const pageWith = (title: string, script = ""): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${script}</html>`;

/** Bundled as an app would, once and when first asked for. Nothing is written to disk. */
function readScript(name: ScriptName): Promise<string> {
  const bundled = bundles.get(name) ?? bundle(SCRIPTS[name]);
  bundles.set(name, bundled);
  return bundled;
}

async function bundle(file: string): Promise<string> {
  const input = fileURLToPath(new URL(`pages/${file}`, import.meta.url));
  await using build = await rolldown({ input, platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "iife" });
  return output[0].code;
}
