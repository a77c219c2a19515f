/**
 * Asks the broker for a server and a browser, and is then in the middle of a test until the run is
 * interrupted.
 */
import { test } from "vitest";
import { askBroker } from "../broker-client.ts";
import { WAITING } from "./waiting-line.ts";

const services = (process.env["COUNTERFOIL_TEST_SERVICES"] ?? "").split(" ").filter(Boolean);

test("waits", async () => {
  await Promise.all(services.map((service) => askBroker(service)));
  process.stdout.write(`${WAITING}\n`);
  await new Promise<never>(() => undefined);
}, 600_000);
