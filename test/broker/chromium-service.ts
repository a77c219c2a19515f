import type { BrowserServer } from "playwright-core";
import { launchBrowserServer } from "../browser/chromium.ts";
import type { Service } from "./services.ts";

/** The endpoint of the run's Chromium; what a file opens there closes with its connection. */
export function chromiumService(): Service {
  let server: Promise<BrowserServer> | undefined;
  const launch = async (): Promise<BrowserServer> => {
    const launched = await launchBrowserServer();
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
