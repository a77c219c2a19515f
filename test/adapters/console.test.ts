import { describe } from "vitest";
import { CONSOLE_APPS } from "./console-apps.ts";
import { testConsole } from "./test-console.ts";

// Next.js has its tests beside its clauses, since it takes long to build.
describe.each(Object.entries(CONSOLE_APPS))("the console in %s", (name, open) => {
  testConsole({ open, protocol: name === "node:http2" ? "h2c" : undefined });
});
