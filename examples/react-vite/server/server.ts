import { readSettings } from "./settings.ts";
import { startServer } from "./start-server.ts";

const server = await startServer(readSettings());
console.log(`listening on ${server.url}`);
process.once("SIGTERM", () => void server.close());
