/**
 * An app with every route of ours, and upgrades beside it, for requests that no client would send.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { verifySession } from "counterfoil/express";
import { getUpgradeSession, refuseUpgrade } from "counterfoil/websocket";
import { FRAMEWORKS, startApp, type TestApp } from "../http/fixtures.ts";

export interface RawServer extends AsyncDisposable {
  readonly app: TestApp;
  /** Sends the bytes to the app, or to the server of upgrades, and gives all that comes back. */
  readonly ask: (bytes: string, upgrade?: boolean) => Promise<string>;
  /** Faults that nobody handled, since the start. */
  readonly faults: unknown[];
}

export async function startRawServer(): Promise<RawServer> {
  const [{ express }] = FRAMEWORKS;
  const app = await startApp({
    express,
    config: {
      http: {
        publicOrigin: "https://shop.example",
        trustedOrigins: ["https://app.example"],
        dialects: ["counterfoil", "supertokens"],
      },
    },
    extend: (pages, sessions) =>
      void pages.get("/page", verifySession({ sessions, page: true, maxAuthAge: "5m" }), (_, response) => {
        response.send("a page");
      }),
  });
  const faults: unknown[] = [];
  const note = (fault: unknown): void => void faults.push(fault);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  const upgrades = createServer().on("upgrade", (request, socket) => {
    socket.on("error", () => undefined);
    getUpgradeSession(request, { sessions: app.sessions }).then(
      () => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
      (error: unknown) => refuseUpgrade(socket, error, { sessions: app.sessions }),
    );
  });
  upgrades.listen(0, "127.0.0.1");
  await once(upgrades, "listening");
  return {
    app,
    faults,
    async ask(bytes, upgrade = false) {
      const port = upgrade ? (upgrades.address() as AddressInfo).port : app.port;
      const socket = connect(port, "127.0.0.1");
      socket.write(bytes, "latin1");
      return text(socket.setEncoding("latin1"));
    },
    async [Symbol.asyncDispose]() {
      process.off("unhandledRejection", note).off("uncaughtException", note);
      upgrades.close();
      await app[Symbol.asyncDispose]();
    },
  };
}

/** Status and headers of an answer as it came. */
export function parseAnswer(answer: string): {
  readonly status: number;
  readonly headers: readonly [string, string][];
} {
  const [status = "", ...lines] = answer.slice(0, answer.indexOf("\r\n\r\n")).split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(status.split(" ")[1]), headers };
}
