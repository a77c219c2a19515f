/** What browsers see of an address, and what a proxy leaves of it. */
import { isBelow } from "../options/base-path.ts";
import type { HttpExchange } from "./exchange/exchange.ts";

/**
 * Path and query of a request as the browser has them. A proxy strips the base path or keeps it, so
 * an address that is below it counts as whole.
 */
export const publicUrl = ({ url }: Pick<HttpExchange, "url">, basePath: string): string =>
  isBelow(url, basePath) || !url.startsWith("/") ? url : basePath + url;

/**
 * The paths of the app that the path of a request can mean, without the base path and as it is. One
 * slash at the end counts for nothing: Next.js with `trailingSlash` adds it to every path.
 */
export function appPaths(path: string, basePath: string): readonly string[] {
  const plain = path.endsWith("/") ? path.slice(0, -1) : path;
  return basePath !== "" && isBelow(plain, basePath) ? [plain.slice(basePath.length), plain] : [plain];
}
