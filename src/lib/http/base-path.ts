/** Translates between the browser's URL and the path that a proxy passes on. */
import { isBelow } from "../options/base-path.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

/**
 * Path and query as the browser sees them. A proxy strips the base path or keeps it, so a URL below
 * the base path counts as complete.
 */
export const publicUrl = ({ url }: Pick<HttpExchange, "url">, basePath: string): string =>
  isBelow(url, basePath) || !url.startsWith("/") ? url : basePath + url;

/**
 * The app paths that a request path can mean: without the base path, and unchanged. A trailing
 * slash is ignored, because Next.js with `trailingSlash` adds it to every path.
 */
export function appPaths(path: string, basePath: string): readonly string[] {
  const plain = path.endsWith("/") ? path.slice(0, -1) : path;
  return basePath !== "" && isBelow(plain, basePath) ? [plain.slice(basePath.length), plain] : [plain];
}
