import { once } from "node:events";
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";

/** What is below a path of the proxy. */
export interface Upstream {
  readonly port: number;
  /** Whether the app sees its paths without that one. */
  readonly strips: boolean;
}

export interface PathProxy extends AsyncDisposable {
  readonly port: number;
}

/**
 * A proxy as in front of several apps on one host: it serves each below a path, which it strips or
 * keeps, and answers 404 for all other paths. It hands the header Host on.
 *
 * @param upstreams by path, for instance `/shop`
 */
export async function startPathProxy(upstreams: Readonly<Record<string, Upstream>>): Promise<PathProxy> {
  const server = createServer((incoming, response) => {
    const { method, url = "", headers } = incoming;
    const [path, upstream] = Object.entries(upstreams).find(([base]) => url.startsWith(`${base}/`)) ?? [];
    if (path === undefined || upstream === undefined) {
      response.writeHead(404).end("no app is here");
      return;
    }
    const target = upstream.strips ? url.slice(path.length) : url;
    const { port } = upstream;
    const outgoing = ask({ host: "127.0.0.1", port, method, path: target, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
