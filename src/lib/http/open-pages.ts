import type { SessionContext } from "../session/context.ts";
import type { Sessions } from "../session/sessions.ts";
import type { HttpResponse } from "./exchange/exchange.ts";
import type { StreamedBody, StreamTarget } from "./exchange/event-stream.ts";
import { createGuard, type SocketGuard } from "./socket-guard.ts";

/** The streams to open pages, each of which ends when its session does. */
export interface OpenPages {
  /**
   * The response that opens a stream for a live session, or refuses it because there are too many.
   */
  readonly respond: (handle: string) => HttpResponse;
}

/** What bounds the streams of a process. */
export interface OpenPageLimits {
  /** The most streams of a session. A browser needs one, and one more while it loads a page. */
  readonly ofSession: number;
  /** The most streams together. */
  readonly together: number;
  /** How often an idle stream says that it is alive, in ms. Proxies cut silent connections. */
  readonly heartbeat: number;
}

interface Stream {
  readonly target: StreamTarget;
  readonly stop: () => void;
}

const LIMITS: OpenPageLimits = { ofSession: 8, together: 10_000, heartbeat: 20_000 };

/** Between checks without a feed, or with one that has its own timer, in ms. */
const SLOW = 30_000;

/** Clients of our own decide themselves. In ms. */
const RETRY = 10_000;

export function createOpenPages(
  sessions: Sessions,
  context: SessionContext,
  limits: OpenPageLimits = LIMITS,
): OpenPages {
  const open = new Map<string, Set<Stream>>();
  let count = 0;
  // They exist while there is a stream.
  let guard: SocketGuard | undefined;
  let heartbeat: NodeJS.Timeout | undefined;

  const isFullFor = (handle: string): boolean => (open.get(handle)?.size ?? 0) >= limits.ofSession;

  function beat(): void {
    for (const streams of open.values()) for (const { target } of streams) target.write(":\n\n");
  }

  function begin(): SocketGuard {
    heartbeat ??= setInterval(beat, limits.heartbeat).unref();
    return (guard ??= createGuard(sessions, context, checkEvery(context)));
  }

  function rest(): void {
    clearInterval(heartbeat);
    guard?.stop();
    heartbeat = guard = undefined;
  }

  const streamOf =
    (handle: string): StreamedBody =>
    (target) => {
      // Others may have begun since it was responded to.
      if (isFullFor(handle) || count >= limits.together) {
        target.end();
        return () => undefined;
      }
      const streams = open.get(handle) ?? new Set();
      const stream: Stream = { target, stop };
      open.set(handle, streams.add(stream));
      count += 1;
      target.write(`retry: ${RETRY}\n\n`);
      const remove = begin().add(handle, () => {
        target.write("event: session-ended\ndata: session-ended\n\n");
        stop();
        target.end();
      });
      function stop(): void {
        if (!streams.delete(stream)) return;
        if (streams.size === 0) open.delete(handle);
        count -= 1;
        remove();
        if (count === 0) rest();
      }
      return stop;
    };

  context.onClose(() => {
    for (const { target, stop } of [...open.values()].flatMap((streams) => [...streams])) {
      stop();
      target.end();
    }
  });

  return {
    respond(handle) {
      if (isFullFor(handle)) return refusal(429, "the session has too many open streams");
      if (count >= limits.together) return refusal(503, "the server has too many open streams");
      return {
        status: 200,
        headers: STREAM_HEADERS,
        body: undefined,
        type: "text/event-stream",
        stream: streamOf(handle),
      };
    },
  };
}

/** Within the bound of the feed. With `listen` the feed has a timer: only expiry is left. */
const checkEvery = ({ feed, policy: { accessToken } }: SessionContext): number =>
  feed === undefined || accessToken.feed.listen !== false ? SLOW : accessToken.feed.bound / 2;

const STREAM_HEADERS: Readonly<Record<string, string>> = {
  // Compression would keep the events back.
  "cache-control": "no-store, no-transform",
  // So would nginx.
  "x-accel-buffering": "no",
};

const refusal = (status: number, message: string): HttpResponse => ({
  status,
  headers: { "cache-control": "no-store", "retry-after": String(SLOW / 1000) },
  body: { message },
});
