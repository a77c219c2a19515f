import { abortable } from "../abortable.ts";
import type { CallOwner } from "../known-session.ts";
import type { PreparedCall, Verdict } from "../session-calls.ts";
import { SessionClientError } from "../session-client-error.ts";
import type { SessionState } from "../session-events.ts";
import { sessionFetch, type SessionResponse } from "../session-fetch.ts";
import { decode, listen, type WorkerPort } from "./worker-port.ts";

/** The client of the page, as its worker uses it. */
export interface PageConnection<Claims = unknown> {
  /**
   * As `client.fetch` of the page. Relative URLs start at the worker's script. You can pass it
   * around without the connection.
   *
   * @throws SessionClientError the same; `REFRESH_UNREACHABLE` also if the page is gone
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<SessionResponse>;
  /** @returns what the page said last; `loading` before that */
  session(): SessionState<Claims>;
  /**
   * Calls a listener each time the page says who is signed in.
   *
   * @returns a function that removes the listener
   */
  subscribe(listener: () => void): () => void;
  /**
   * Gets new tokens now, even if the page knows of no session.
   *
   * @returns what `session()` returns after that
   * @throws SessionClientError as `client.refresh` of the page; `REFRESH_UNREACHABLE` also if the
   *   page is gone
   */
  refresh(): Promise<SessionState<Claims>>;
  /** Ends the connection. Waiting and later calls fail with `REFRESH_UNREACHABLE`. */
  dispose(): void;
}

interface Question {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Connects a worker to the client of its page. Calls wait until the page calls `serveWorker`.
 *
 * A shared worker outlives its pages. Calls through the port of a page that has ended fail with
 * `REFRESH_UNREACHABLE`. If a page crashes in an older browser, its calls wait for ever, so pass
 * them a `signal`.
 *
 * @param port the port of the page; in a shared worker `event.ports[0]` of its `connect` event.
 *   Default: the global scope of the worker
 * @example
 * ```ts
 * import { connectToPage } from "counterfoil/worker";
 *
 * const page = connectToPage();
 * const response = await page.fetch("/api/notes", { method: "POST", body: "from a worker" });
 * console.log(response.status);
 * ```
 */
export function connectToPage<Claims = unknown>(port: WorkerPort = globalThis): PageConnection<Claims> {
  const listeners = new Set<() => void>();
  const ending = new AbortController();
  const { signal } = ending;
  const questions = new Map<unknown, Question>();
  let state = { status: "loading" } as SessionState<Claims>;
  let isServed = false;
  let begin: () => void;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  let count = 0;

  async function ask(kind: string, value?: unknown): Promise<unknown> {
    await begun;
    return new Promise((resolve, reject) => {
      if (!isServed) return reject(gone());
      questions.set((count += 1), { resolve, reject });
      port.postMessage({ counterfoil: kind, id: count, value });
    });
  }

  function leave(): void {
    isServed = false;
    begin();
    for (const { reject } of questions.values()) reject(gone());
    questions.clear();
  }

  listen(port, signal, ({ counterfoil: kind, id, value }) => {
    if (kind === "gone") leave();
    if (kind === "state") {
      state = value as SessionState<Claims>;
      isServed = true;
      begin();
      for (const hear of listeners) hear();
    }
    if (kind === "resolve" || kind === "reject") {
      questions.get(id)?.[kind](decode(value));
      questions.delete(id);
    }
  });
  // Only newer browsers emit this.
  port.addEventListener("close", leave, { signal });
  port.postMessage({ counterfoil: "hello" });

  // The worker's view: the page may have another user when the question arrives.
  const findOwner = (): CallOwner | undefined =>
    state.status === "signed-in" ? { user: { userId: state.userId }, marker: "" } : undefined;

  const calls = {
    prepare: ({ url, method, signal: giveUp }: Request) =>
      abortable(ask("prepare", { url, method, owner: findOwner() }) as Promise<PreparedCall | undefined>, giveUp),
    judge: (call: PreparedCall, { status, headers }: Response, canResend: boolean) =>
      ask("judge", [call, status, [...headers], canResend]) as Promise<Verdict>,
  };

  return {
    fetch: (input, init) => sessionFetch(calls, fetch, input, init),
    session: () => state,
    subscribe(listener) {
      const hear = (): void => listener();
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
    refresh: () => ask("refresh") as Promise<SessionState<Claims>>,
    dispose() {
      ending.abort();
      leave();
    },
  };
}

const gone = (): SessionClientError => new SessionClientError("REFRESH_UNREACHABLE", "the page is gone");
