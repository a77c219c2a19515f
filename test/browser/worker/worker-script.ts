/** What a worker does for the tests. Runs in a worker. */
import { createSessionClient, SessionClientError, type SessionResponse } from "counterfoil/browser";
import { connectToPage, type PageConnection } from "counterfoil/worker";

export interface Request {
  readonly act: "fetch" | "session" | "refresh" | "changes" | "heard" | "abort";
  readonly url?: string;
  readonly method?: string;
  readonly body?: string;
  /** Send the body as a stream. */
  readonly isStream?: boolean;
  readonly times?: number;
}

export interface Result {
  readonly value?: unknown;
  /** Of what was thrown. */
  readonly name?: string;
  readonly code?: string | undefined;
}

type Connection = Pick<PageConnection, "fetch" | "session" | "subscribe" | "refresh">;
const heard: unknown[] = [];

function work(connection: Connection, port: EventTarget): void {
  const states: string[] = [];
  connection.subscribe(() => void states.push(connection.session().status));
  let ending = new AbortController();

  async function act({ act: what, url = "", method = "GET", body, isStream, times = 1 }: Request): Promise<unknown> {
    if (what === "session") return connection.session();
    if (what === "refresh") return connection.refresh();
    if (what === "changes") return states;
    if (what === "heard") return heard;
    if (what === "abort") return ending.abort();
    ending = new AbortController();
    const { signal } = ending;
    const init = { method, signal, ...(body !== undefined && { body: isStream ? toStream(body) : body }) };
    const extra = isStream ? { duplex: "half" } : {};
    const calls = Array.from({ length: times }, async (_, n) =>
      describe(await connection.fetch(times === 1 ? url : `${url}?w${n}`, { ...init, ...extra })),
    );
    return Promise.all(calls);
  }

  port.addEventListener("message", (event) => {
    const { data, ports } = event as MessageEvent<{ readonly app?: Request } | null>;
    const [reply] = ports;
    if (reply === undefined || !data?.app) return void heard.push(data);
    act(data.app).then(
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no other origin
      (value) => reply.postMessage({ value }),
      (error: Error) => {
        const code = error instanceof SessionClientError ? error.code : undefined;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no other origin
        reply.postMessage({ name: error.name, code });
      },
    );
  });
}

async function describe(answer: SessionResponse): Promise<readonly unknown[]> {
  await answer.arrayBuffer();
  const { status, sessionError } = answer;
  return sessionError instanceof SessionClientError ? [status, sessionError.code, sessionError.retryAfter] : [status];
}

const toStream = (text: string): ReadableStream => new Blob([text]).stream();

if (location.hash === "#bridge") work(connectToPage(), globalThis);
else if (location.hash === "#core") work(createSessionClient(), globalThis);
else
  globalThis.addEventListener("connect", (event) => {
    const [port] = (event as MessageEvent).ports as [MessagePort];
    work(connectToPage(port), port);
  });
