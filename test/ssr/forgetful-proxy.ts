import { once } from "node:events";
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";

export interface ForgetfulProxy extends AsyncDisposable {
  readonly origin: string;
  /** Whether cookies get through. */
  keeps: boolean;
}

/**
 * Stands before a server, and takes the cookies out of its answers: to the server, a browser that
 * keeps none of them.
 */
export async function startForgetfulProxy(port: number): Promise<ForgetfulProxy> {
  const server = createServer((incoming, response) => {
    const { method, url, headers } = incoming;
    const outgoing = ask({ host: "127.0.0.1", port, method, path: url, headers, agent: false }, (answer) => {
      const { "set-cookie": cookies = [], ...others } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, state.keeps ? { ...others, "set-cookie": cookies } : others);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const state: ForgetfulProxy = {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    keeps: true,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return state;
}
