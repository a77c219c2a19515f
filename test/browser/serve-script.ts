import { fileURLToPath } from "node:url";
import type { Handler } from "express";
import { rolldown } from "rolldown";
import type { SessionServer } from "./session-server.ts";

const bundles = new Map<string, Promise<string>>();

/**
 * Serves a script that runs in the browser, bundled as an app would, and a page that loads it: `/upload.js` and `/upload`.
 *
 * @param file `import.meta.resolve("./page-script.ts")`
 */
export function serveScript(server: SessionServer, name: string, file: string): void {
  const script = (): Promise<string> => {
    const bundled = bundles.get(file) ?? bundle(fileURLToPath(file));
    bundles.set(file, bundled);
    return bundled;
  };
  serve(server, `GET /${name}.js`, async (_req, res) => void res.type("js").send(await script()));
  serve(server, `GET /${name}`, async (_req, res) => {
    // A script that cannot be bundled is an answer 500, and not a page where nothing works.
    await script();
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><script src="/${name}.js"></script></html>`;
    res.type("html").send(html);
  });
}

/** Adds a route to a server, for instance `GET /file`. */
export function serve(server: SessionServer, call: string, handler: Handler): void {
  Object.assign(server.at(call), { handle: handler });
}

async function bundle(input: string): Promise<string> {
  await using build = await rolldown({ input, platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "iife" });
  return output[0].code;
}
