import { once } from "node:events";
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { CERTIFICATE, KEY } from "../fixtures/certificate.ts";

/** What belongs to one connection, and is none of HTTP/2. */
const OF_THE_CONNECTION = ["connection", "keep-alive", "transfer-encoding"];

export interface SecureFront extends AsyncDisposable {
  readonly port: number;
}

/**
 * HTTP/2 with TLS before a server on 127.0.0.1, since browsers stream uploads over nothing else.
 * The browser must take its certificate.
 *
 * @example `await using front = await serveSecurely(80);`
 */
export async function serveSecurely(port: number): Promise<SecureFront> {
  const open = new Set<ServerHttp2Session>();
  const front = createSecureServer({ key: KEY, cert: CERTIFICATE }, (asked, answer) => pass(port, asked, answer));
  front.on("session", (session) => {
    open.add(session);
    session.on("close", () => open.delete(session));
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return {
    port: (front.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(front, "close");
      front.close();
      for (const session of open) session.destroy();
      await closed;
    },
  };
}

function pass(port: number, asked: Http2ServerRequest, answer: Http2ServerResponse): void {
  const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => !name.startsWith(":")));
  const { method, url: path, authority } = asked;
  const onward = request({ host: "127.0.0.1", port, method, path, headers: { ...headers, host: authority } }, (got) => {
    const kept = Object.entries(got.headers).filter(([name]) => !OF_THE_CONNECTION.includes(name));
    answer.writeHead(got.statusCode ?? 502, Object.fromEntries(kept));
    got.pipe(answer);
  });
  onward.on("error", () => answer.stream.destroy());
  asked.pipe(onward);
}
