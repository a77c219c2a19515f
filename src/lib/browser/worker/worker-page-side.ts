import type { OutgoingCall, PreparedCall } from "../session-calls.ts";
import type { SessionClient } from "../session-client.ts";
import { encode, listen, type WorkerPort } from "./worker-port.ts";

/** A worker sends the head of a response. */
type SettleQuestion = [call: PreparedCall, status: number, headers: [string, string][], canResend: boolean];

/**
 * Lets a worker use the session of this page. The page makes all decisions, so the worker and the
 * page refresh as one. When it stops, or the page ends, calls of the worker fail with
 * `REFRESH_UNREACHABLE`. The app may use the port for messages of its own.
 *
 * @param worker a `Worker`, or the `port` of a `SharedWorker`, which calls `connectToPage`
 * @returns a function that stops it
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 * import { serveWorker } from "counterfoil/worker";
 *
 * const client = createSessionClient();
 * const worker = new Worker(new URL("./sync.js", import.meta.url), { type: "module" });
 * const stop = serveWorker(client, worker);
 * addEventListener("pagehide", stop);
 * ```
 */
export function serveWorker(
  client: Pick<SessionClient, "prepare" | "judge" | "refresh" | "session" | "subscribe">,
  worker: Worker | MessagePort,
): () => void {
  const port = worker as WorkerPort;
  const ending = new AbortController();
  const { signal } = ending;
  const tellState = (): void => port.postMessage({ counterfoil: "state", value: client.session() });
  const operations = new Map<string, (given: never) => unknown>([
    ["prepare", (call: OutgoingCall) => client.prepare(call)],
    [
      "judge",
      ([call, status, headers, canResend]: SettleQuestion) =>
        client.judge(call, { status, headers: new Headers(headers) } as Response, canResend),
    ],
    ["refresh", () => client.refresh()],
    ["hello", tellState],
  ]);
  listen(port, signal, ({ counterfoil: kind, id, value }) => {
    const operation = operations.get(kind);
    if (operation === undefined) return;
    const answer = async (): Promise<unknown> => operation(value as never);
    answer().then(
      (result) => port.postMessage({ counterfoil: "resolve", id, value: encode(result) }),
      (error: unknown) => port.postMessage({ counterfoil: "reject", id, value: encode(error) }),
    );
  });
  const stopTelling = client.subscribe(tellState);
  const stop = (): void => {
    ending.abort();
    stopTelling();
    port.postMessage({ counterfoil: "gone" });
  };
  // A page in the back/forward cache may return, and then responds.
  addEventListener("pagehide", ({ persisted }) => persisted || stop(), { signal });
  tellState();
  return stop;
}
