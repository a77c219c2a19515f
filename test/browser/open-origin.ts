import type { IncomingHttpHeaders } from "node:http";
import { listen } from "../fixtures/listen.ts";
import { until } from "../servers/until.ts";

export interface StrangersCall {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Somebody else's origin: it lets every page send and read what it likes, with credentials, and
 * keeps what it gets.
 */
export interface OpenOrigin extends AsyncDisposable {
  readonly port: number;
  /** The calls since they were last taken, preflights too. */
  take(): readonly StrangersCall[];
  /** Resolves once there are so many calls since they were last taken, preflights too. */
  seen(count: number): Promise<void>;
}

/** @example `await using stranger = await serveOpenOrigin();` */
export async function serveOpenOrigin(): Promise<OpenOrigin> {
  let calls: StrangersCall[] = [];
  const { port, close } = await listen((request, response) => {
    calls.push({ method: request.method ?? "", headers: request.headers });
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    response.setHeader("access-control-allow-credentials", "true");
    response.setHeader("access-control-allow-methods", request.headers["access-control-request-method"] ?? "GET");
    response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "");
    response.end("a stranger");
  });
  return {
    port,
    take() {
      const taken = calls;
      calls = [];
      return taken;
    },
    seen: async (count) => void (await until(`${count} calls`, () => calls.length >= count)),
    [Symbol.asyncDispose]: close,
  };
}
