/** Answers of which the doctor can say neither that something is wrong nor that all is well. */
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, expect, test } from "vitest";
import { listenHttp2 } from "../fixtures/listen.ts";
import { endAll, onEnd, openProxy, openShop, serve } from "./apps.ts";
import { examine } from "./examine.ts";

afterAll(endAll);

const PAGE = "http://localhost:5173";

async function listenOn(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onEnd(async () => void server.close());
  return (server.address() as AddressInfo).port;
}

test.each<[string, RequestListener]>([
  ["429", (_, outgoing) => void outgoing.writeHead(429).end("slow down")],
  ["403", (_, outgoing) => void outgoing.writeHead(403).end("<html>")],
  ["a closed connection", (incoming) => void incoming.socket.destroy()],
])("something before the app answers %s after some requests", async (_, instead) => {
  const app = await openShop({ cookie: { secure: false }, http: { trustedOrigins: [PAGE] } });
  let isWhole = false;
  for (let first = 1; !isWhole; first += 1) {
    const proxy = await openProxy([app], { instead, first });
    const { wrong, open, findings } = await examine(`http://localhost:${proxy}`, "--origin", PAGE);
    expect([first, wrong]).toEqual([first, []]);
    isWhole = open.length === 0;
    const isFine = findings.some(({ check, verdict }) => check === "foreign-origin" && verdict === "ok");
    expect([first, isFine]).toEqual([first, isWhole]);
    expect(first).toBeLessThan(30);
  }
});

test("a redirect leads to no other host, whatever its path looks like", async () => {
  let others = 0;
  const other = await serve((_, outgoing) => {
    others += 1;
    outgoing.end();
  });
  const location = `/.//127.0.0.1:${other}/session/refresh`;
  const proxy = await openProxy([], { instead: (_, outgoing) => void outgoing.writeHead(307, { location }).end() });
  await examine(`http://localhost:${proxy}`);
  await examine(`http://localhost:${proxy}//127.0.0.1:${other}`);
  expect(others).toBe(0);
});

async function http2(): Promise<number> {
  const { port, close } = await listenHttp2(() => undefined);
  onEnd(close);
  return port;
}

const answers = (text: string): Promise<number> =>
  listenOn(createServer((socket) => void socket.on("error", () => undefined).once("data", () => socket.end(text))));

test.each<[string, () => Promise<string>]>([
  ["HTTP/2 alone", async () => `http://localhost:${await http2()}`],
  ["another protocol", async () => `http://localhost:${await answers("SSH-2.0-OpenSSH_9.6\r\n")}`],
  ["http in place of https", async () => `https://localhost:${await answers("HTTP/1.1 400 Bad Request\r\n\r\n")}`],
  [
    "another protocol, as if it were asked for",
    async () =>
      `http://localhost:${await answers("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")}`,
  ],
  ["nothing, and ends the connection", async () => `http://localhost:${await answers("")}`],
])("a server speaks %s", { timeout: 8000 }, async (_, open) => {
  const { findings, exitCode } = await examine(await open());
  expect(findings).toMatchObject([{ check: "reach", verdict: "unknown" }]);
  expect(exitCode).toBe(0);
});

test("the text of a cookie's name is not repeated, however it ends", async () => {
  const app = await openShop({ cookie: { secure: false } });
  const answer = (headers: string[]): string[] => [
    ...headers,
    "Set-Cookie",
    "all is well and sAccessToken=; Path=/x",
    "Set-Cookie",
    `${"x".repeat(10_000)}sRefreshToken=; Path=/x`,
  ];
  const { text, wrong } = await examine(`http://localhost:${await openProxy([app], { answer })}`);
  expect(wrong).toEqual([]);
  expect(text).not.toContain("all is well");
  expect(text.length).toBeLessThan(5000);
});
