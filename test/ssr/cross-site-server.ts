/** A small app of Next.js and a page of a sibling sub-domain, each on a server of its own. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askBroker } from "../broker/broker-client.ts";
import { send } from "../http/send.ts";
import { freePort } from "../servers/free-port.ts";
import { until } from "../servers/until.ts";
import { type NextPackage, outputOf, runSharedNext } from "./shared-next-app.ts";

export interface CrossSiteServer extends AsyncDisposable {
  readonly port: number;
  /** The app; browsers count names below `localhost` as secure, and these two as one site. */
  readonly origin: string;
  /**
   * The sibling: it answers every path with the HTML in `?html=`, and no referrer goes out from
   * there.
   */
  readonly sibling: string;
}

export async function startCrossSite(version: NextPackage): Promise<CrossSiteServer> {
  await askBroker("next", { version });
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), "counterfoil-cross-site-"));
  const origin = `http://app.site.localhost:${port}`;
  const child = runSharedNext(version, ["start", "--hostname", "127.0.0.1", "--port", String(port)], {
    PUBLIC_ORIGIN: origin,
    SESSIONS_DB: join(data, "sessions.db"),
  });
  const said = outputOf(child);
  const exited = once(child, "exit");
  const died = exited.then(async () => Promise.reject(new Error(`next start ended:\n${await said}`)));
  died.catch(() => undefined);
  const sibling = createServer((request, response) => {
    const html = new URL(request.url ?? "", "http://sibling").searchParams.get("html") ?? "";
    response.writeHead(200, { "content-type": "text/html", "referrer-policy": "no-referrer" }).end(html);
  });
  sibling.listen(0, "127.0.0.1");
  await once(sibling, "listening");
  await Promise.race([
    until("next answers", async () => (await send(port, { path: "/shop/api/mine" })).status === 401),
    died,
  ]);
  return {
    port,
    origin,
    sibling: `http://blog.site.localhost:${(sibling.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
      sibling.closeAllConnections();
      sibling.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
