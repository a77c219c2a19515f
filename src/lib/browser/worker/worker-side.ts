import { abortable } from "../abortable.ts";
import type { CallOwner } from "../known-session.ts";
import type { PreparedCall, Verdict } from "../session-calls.ts";
import { SessionClientError } from "../session-client-error.ts";
import type { SessionState } from "../session-events.ts";
import { sessionFetch, type SessionResponse } from "../session-fetch.ts";
import { decode, listen, type WorkerPort } from "./worker-port.ts";

/** What a worker has of the client of its page. */
export interface PageConnection<Claims = unknown> {
  /** As `client.fetch` of the page. Relative addresses start at the worker's script. Needs no `this`. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<SessionResponse>;
  /** What the page said last; `loading` until it has said something. */
  session(): SessionState<Claims>;
  /** Calls each time when the page has said what `session()` is; the result stops it. */
  subscribe(listener: () => void): () => void;
  /**
   * Gets new tokens now, if there is a session. What `session()` says then.
   *
   * @throws SessionClientError as that of the page; `REFRESH_UNREACHABLE` too where the page is gone
   */
  refresh(): Promise<SessionState<Claims>>;
  /** Ends it. Calls that wait for the page, and all later ones, fail with `REFRESH_UNREACHABLE`. */
  dispose(): void;
}

interface Question {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Connects a worker to the client of its page, which has called `serveWorker`. Calls wait until it has.
 *
 * A worker ends with its page. A shared worker does not: where the page says goodbye, or the browser tells that a port is closed, calls through that
 * port fail with `REFRESH_UNREACHABLE`; a page that has crashed in an older browser leaves them waiting, so give them a `signal`.
 *
 * @param port of the page; in a shared worker `event.ports[0]` of its `connect` event. Default: the worker's own
 *
 * @example
 * ```ts
 * import { connectToPage } from "counterfoil/worker";
 *
 * const page = connectToPage();
 * const answer = await page.fetch("/api/notes", { method: "POST", body: "from a worker" });
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
  // Only newer browsers tell.
  port.addEventListener("close", leave, { signal });
  port.postMessage({ counterfoil: "hello" });

  // As this worker sees it: the page may know of another user by the time that it is asked.
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
