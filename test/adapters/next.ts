import type { RequestListener } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { createSessions } from "counterfoil";
import { askBroker } from "../broker/broker-client.ts";
import { listen } from "../fixtures/listen.ts";
import { sharedNextFolder } from "../ssr/shared-next-app.ts";
import { type Subject } from "./subject.ts";

/** The library is there as it is installed: in node_modules. */
const FOLDER = sharedNextFolder("next");

/** What is used of a custom server of Next. */
interface NextServer {
  prepare(): Promise<void>;
  getRequestHandler(): (...pair: Parameters<RequestListener>) => Promise<void>;
}

/**
 * One server of Next for all clauses, in this process: each leaves its instance where the app finds
 * it.
 */
let listener: RequestListener | undefined;
let ownCreateSessions: typeof createSessions | undefined;

export const nextSubject: Subject = {
  name: "Next.js 16",
  get createSessions() {
    return ownCreateSessions;
  },
  async prepare() {
    if (listener !== undefined) return;
    await askBroker("next", { version: "next" });
    const library = (await import(pathToFileURL(join(FOLDER, "node_modules/counterfoil/dist/index.js")).href)) as {
      createSessions: typeof createSessions;
    };
    ownCreateSessions = library.createSessions;
    const next = createRequire(join(FOLDER, "package.json"))("next") as (options: object) => NextServer;
    const app = next({ dev: false, dir: FOLDER, quiet: true });
    await app.prepare();
    const handle = app.getRequestHandler();
    listener = (request, response) => void handle(request, response);
  },
  async listen(setup) {
    Object.assign(globalThis, { counterfoilSetup: setup });
    if (listener === undefined) throw new Error("Next has not been prepared");
    return listen(listener);
  },
};
