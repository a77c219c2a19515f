import { readFile } from "node:fs/promises";
import { extname, resolve, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
}

/** A file of the page. For caching, compression and other types use `@fastify/static`. */
export async function readStatic(folder: string, path: string): Promise<StaticFile | undefined> {
  const file = resolve(folder, path === "" ? "index.html" : path);
  const type = TYPES[extname(file)];
  // Nothing outside of the folder, whatever the path says.
  if (type === undefined || !file.startsWith(resolve(folder) + sep)) return undefined;
  return readFile(file).then(
    (body) => ({ type, body }),
    () => undefined,
  );
}
