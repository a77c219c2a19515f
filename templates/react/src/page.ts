import { fileURLToPath } from "node:url";

/** What browsers may load: the page as `npm run build` makes it. In development Vite serves it. */
export const FOLDERS: readonly (readonly [path: string, folder: string])[] = [
  ["", fileURLToPath(new URL("../dist", import.meta.url))],
];
