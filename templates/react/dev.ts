/** The server, and the page with Vite in front of it. `npm run dev` starts both. */
import { createServer } from "vite";

process.env["PUBLIC_ORIGIN"] ??= "http://localhost:5173";
await import("./src/server.ts");

// The config is imported as it is, since a copy of it would make `node --watch` start again.
const vite = await createServer({ configLoader: "native" });
await vite.listen();
vite.printUrls();
