/**
 * A process beside the test files of a run: it owns what they share, and ends all of it when vitest
 * ends, however that ends.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noteCpuTime } from "../run/cpu-notes.ts";
import { cpuSeconds } from "../run/cpu-seconds.ts";
import type { Question } from "./broker-client.ts";
import { receive, send } from "./json-lines.ts";
import { type Service, type ServiceName, SERVICES } from "./services.ts";

const folder = mkdtempSync(join(tmpdir(), "counterfoil-broker-"));
const started = new Map<ServiceName, Promise<Service>>();

/** One test file, or a worker that runs several. */
function serve(socket: Socket): void {
  const leave = new AbortController();
  socket.on("error", () => undefined);
  socket.on("close", () => leave.abort());
  receive(socket, (message) => {
    const { id, service, given } = message as Question;
    answer(service as ServiceName, given, leave.signal).then(
      (result) => send(socket, { id, result }),
      (error: unknown) => send(socket, { id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
}

async function answer(name: ServiceName, given: unknown, left: AbortSignal): Promise<unknown> {
  const service = started.get(name) ?? SERVICES[name]();
  started.set(name, service);
  return (await service).answer(given, left);
}

async function end(): Promise<void> {
  await Promise.allSettled([...started.values()].map(async (service) => (await service).close()));
  rmSync(folder, { recursive: true, force: true });
  noteCpuTime("(shared by all)", cpuSeconds());
  process.exit();
}

// A signal at the terminal comes to all processes of the run; vitest decides when this one ends.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
process.on("disconnect", () => void end());
const server = createServer(serve).listen(join(folder, "socket"));
await once(server, "listening");
process.send?.(server.address());
