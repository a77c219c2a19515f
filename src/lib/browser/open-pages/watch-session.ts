import { EVENTS_ROUTE, SHARED_NAME } from "../../../protocol.ts";
import { listen } from "../listen.ts";
import type { SessionClient } from "../session-client.ts";

/** Where the session routes are: the same options as those of `createSessionClient`. */
export interface WatchSessionOptions {
  /** Origin of the API; of several, the first has the routes. Default: the origin of the page. */
  readonly api?: string | readonly [string, ...string[]];
  /** `http.basePath` of the server, for instance `"/shop"`. Default: none. */
  readonly basePath?: string;
  /** `cookie.prefix` of the server, for instance `"shop_"`. Default: none. */
  readonly cookiePrefix?: string;
}

const SHORTEST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

/** How long a stream must have been open, so that the next pause is a short one, in ms. */
const STEADY = 30_000;

/**
 * Tells the client when the server ends the session, for a server with `http.openPages: true`. One
 * tab of the browser has an `EventSource`. When it says that the session has ended, the client
 * refreshes, and all tabs get `signed-out` if the session is over. Without a session there is no
 * stream. Without Web Locks (in a page without HTTPS) or `EventSource` it does nothing.
 *
 * @returns a function that stops it
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 * import { watchSession } from "counterfoil/open-pages";
 *
 * const client = createSessionClient();
 * watchSession(client);
 * client.on("signed-out", () => location.assign("/login"));
 * ```
 */
export function watchSession(
  client: Pick<SessionClient, "fetch" | "refresh" | "session" | "subscribe">,
  { api = globalThis.location?.origin ?? "", basePath = "", cookiePrefix = "" }: WatchSessionOptions = {},
): () => void {
  const locks = globalThis.location && (navigator.locks as LockManager | undefined);
  if (!locks || typeof EventSource === "undefined") return () => undefined;
  const url = [api].flat()[0] + basePath + EVENTS_ROUTE;
  const name = SHARED_NAME + cookiePrefix + url;
  const ending = new AbortController();
  let watched: string | undefined;
  let watching = new AbortController();
  // Whether the server has no such route.
  let isAbsent = false;

  const current = (): string | undefined => {
    const state = client.session();
    return state.status === "signed-in" ? state.handle : undefined;
  };

  function stop(): void {
    watched = undefined;
    watching.abort();
  }

  /** Follows the session of the moment. */
  const follow = (): void => {
    const handle = current();
    if (handle === watched || isAbsent || ending.signal.aborted) return;
    stop();
    if (!handle) return;
    watched = handle;
    const { signal } = (watching = new AbortController());
    // The other tabs wait for the lock, and hear from the client of this one.
    locks.request(name, { signal }, () => lead(signal)).catch(() => undefined);
  };

  async function lead(signal: AbortSignal): Promise<void> {
    let pause = SHORTEST_PAUSE;
    while (!signal.aborted) {
      const begun = performance.now();
      const outcome = await readStream(url, signal);
      if (outcome === "ended") await client.refresh().catch(() => undefined);
      if (performance.now() - begun > STEADY) pause = SHORTEST_PAUSE;
      // At random, because all pages of a restarted server come back at once.
      await wait(pause * (0.5 + Math.random() / 2), signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
      if (outcome === "refused" && !signal.aborted) await look();
    }
  }

  /** `EventSource` does not say why. The client refreshes, or learns that the session is over. */
  async function look(): Promise<void> {
    const { status } = await client.fetch(url, { method: "HEAD" }).catch(() => ({ status: 0 }));
    if (status !== 404) return;
    isAbsent = true;
    stop();
  }

  const unsubscribe = client.subscribe(follow);
  // A page in the back/forward cache has neither lock nor connection.
  listen("pagehide", ending.signal, stop);
  listen("pageshow", ending.signal, follow);
  follow();
  return () => {
    ending.abort();
    unsubscribe();
    stop();
  };
}

/**
 * Reads a stream to its end. `ended`: the session is over. `refused`: it never opened. `lost`: the
 * connection is gone.
 */
function readStream(url: string, signal: AbortSignal): Promise<"ended" | "refused" | "lost"> {
  return new Promise((resolve) => {
    const source = new EventSource(url, { withCredentials: true });
    let isOpen = false;
    const close = (outcome: "ended" | "refused" | "lost"): void => {
      source.close();
      resolve(outcome);
    };
    source.addEventListener("open", () => (isOpen = true));
    source.addEventListener("session-ended", () => close("ended"));
    source.addEventListener("error", () => close(isOpen ? "lost" : "refused"));
    signal.addEventListener("abort", () => close("lost"));
    if (signal.aborted) close("lost");
  });
}

/** Ends early if nobody waits any more. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
