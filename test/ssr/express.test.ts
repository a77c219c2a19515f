import { afterAll, beforeAll } from "vitest";
import { describeInBrowser } from "./browser-situations.ts";
import { serveExpress } from "./express-server.ts";
import { describeHostPrefix } from "./host-situations.ts";
import { type PageServer, startPages } from "./page-server.ts";
import { describePageLoads } from "./situations.ts";

let server: PageServer;
beforeAll(async () => {
  server = await startPages(serveExpress);
});
afterAll(() => server?.[Symbol.asyncDispose]());

// First what asks the shared server: those of Express have the default instance in common, and the
// last one keeps it.
describeInBrowser("Express", () => server);
describePageLoads("Express", () => server, serveExpress);
describeHostPrefix("Express", serveExpress);
