/** A page with workers. Runs in the browser. */
import { createSessionClient, type SessionClient } from "counterfoil/browser";
import { serveWorker } from "counterfoil/worker";
import type { Request, Result } from "./worker-script.ts";

export class WorkerPageScript {
  readonly client: SessionClient = createSessionClient();
  /** What the app heard from its worker, beside what it asked for. */
  readonly heard: unknown[] = [];
  stop: () => void = () => undefined;
  #port: Worker | MessagePort | undefined;

  /** @param kind `core`: the worker has a client of its own */
  start(kind: "bridge" | "core" | "shared"): void {
    this.#port = kind === "shared" ? new SharedWorker("/worker.js#shared").port : new Worker(`/worker.js#${kind}`);
    const port: EventTarget = this.#port;
    if (kind !== "core") this.serve();
    port.addEventListener("message", (event) => void this.heard.push((event as MessageEvent).data));
  }

  serve(): void {
    this.stop = serveWorker(this.client, this.#port!);
  }

  /** As an app does, in words that only look like ours. */
  post(message: unknown): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no other origin
    this.#port!.postMessage(message);
  }

  /** Lets the worker do something. */
  ask(request: Request): Promise<Result> {
    const { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.addEventListener("message", ({ data }: MessageEvent<Result>) => resolve(data), { once: true });
      port1.start();
      this.#port!.postMessage({ app: request }, [port2]);
    });
  }
}

Object.assign(globalThis, { page: new WorkerPageScript() });
