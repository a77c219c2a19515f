import type { Express } from "express";
import { bundleOnce } from "./bundle.ts";

/**
 * The scripts of the tests: `/page.js` is the bundle of pages/client-page.ts, and `/page` a page
 * that loads it. Also below a path.
 */
const SCRIPTS = {
  page: "client-page.ts",
} as const;

type ScriptName = keyof typeof SCRIPTS;

/** Serves each script, a page for each, and `/blank`, which has none. */
export function addPages(app: Express): Express {
  for (const name of Object.keys(SCRIPTS) as ScriptName[]) {
    app.get(`/${name}.js`, async (_req, res) => void res.type("js").send(await readScript(name)));
    app.get(`/${name}`, async (_req, res) => {
      // A script that cannot be bundled is an answer 500, and not a page where nothing works.
      await readScript(name);
      res.type("html").send(pageWith(name, `<script src="${name}.js"></script>`));
    });
  }
  app.get("/blank", (_req, res) => void res.type("html").send(pageWith("blank")));
  app.get("/favicon.ico", (_req, res) => void res.status(204).end());
  return app;
}

const pageWith = (title: string, script = ""): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>${script}</html>`;

const readScript = (name: ScriptName): Promise<string> =>
  bundleOnce(new URL(`pages/${SCRIPTS[name]}`, import.meta.url));
