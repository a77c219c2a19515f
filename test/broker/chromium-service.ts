import type { BrowserServer } from "playwright-core";
import { type ChromiumOptions, launchBrowserServer } from "../browser/chromium.ts";
import type { Service } from "./services.ts";

/** The endpoint of a Chromium of the run; what a file opens there closes with its connection. */
export function chromiumService(options: ChromiumOptions): Service {
  let server: Promise<BrowserServer> | undefined;
  const launch = async (): Promise<BrowserServer> => {
    const launched = await launchBrowserServer(options);
    // A crash fails the test that is running, and no other.
    launched.once("close", () => (server = undefined));
    return launched;
  };
  return {
    async answer() {
      server ??= launch();
      return (await server).wsEndpoint();
    },
    close: async () => (await server)?.close(),
  };
}
