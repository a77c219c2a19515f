/** The API on one origin and the page on another, in one process. `npm run dev` starts it. */
import { createServer } from "vite";
import { readSettings } from "./server/settings.ts";
import { startServer } from "./server/start-server.ts";

// The library then makes a secret into a file, and explains refusals.
process.env["NODE_ENV"] ??= "development";

await startServer({ ...readSettings(), pageOrigin: "http://localhost:5173" });
// Imported as it is, since a copy of the config would make `node --watch` start again and again.
const vite = await createServer({ configLoader: "native" });
await vite.listen();
vite.printUrls();
