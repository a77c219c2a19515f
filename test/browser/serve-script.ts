import type { Handler } from "express";
import { type BundleOptions, bundleOnce } from "./bundle.ts";
import type { SessionServer } from "./session-server.ts";

/**
 * Serves a script that runs in the browser, bundled as an app would, and a page that loads it:
 * `/upload.js` and `/upload`.
 *
 * @param file `import.meta.resolve("./page-script.ts")`
 */
export function serveScript(
  server: SessionServer,
  name: string,
  file: string,
  options: Pick<BundleOptions, "define"> = {},
): void {
  serve(server, `GET /${name}.js`, async (_req, res) => void res.type("js").send(await bundleOnce(file, options)));
  serve(server, `GET /${name}`, async (_req, res) => {
    // A script that cannot be bundled is an answer 500, and not a page where nothing works.
    await bundleOnce(file, options);
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><script src="/${name}.js"></script></html>`;
    res.type("html").send(html);
  });
}

/** Adds a route to a server, for instance `GET /file`. */
export function serve(server: SessionServer, call: string, handler: Handler): void {
  Object.assign(server.at(call), { handle: handler });
}
