/** Upgrades from elsewhere, and tickets that were not made for them. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createSessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import { createSocketTicket, getUpgradeSession, redeemSocketTicket, refuseUpgrade } from "counterfoil/websocket";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deriveKey } from "../../src/lib/crypto/secret.ts";
import { SECRET, START } from "../fixtures/constants.ts";
import { outcomeOf } from "../store/fixtures.ts";

const OWN = "https://shop.example";
const TRUSTED = "https://app.example:8443";
const sessions = createSessions({
  store: memory(),
  secret: SECRET,
  clock: () => START,
  http: { publicOrigin: OWN, trustedOrigins: [TRUSTED] },
});
const server = createServer();
let cookie = "";

beforeAll(async () => {
  server.on("upgrade", (incoming, socket) => {
    getUpgradeSession(incoming, { sessions }).then(
      () => socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
      (error: unknown) => refuseUpgrade(socket, error, { sessions }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cookie = `${sessions.cookieNames.access}=${(await sessions.createNewSession("alice")).accessToken.value}`;
});
afterAll(async () => {
  server.close();
  await sessions.close();
});

async function upgrade(headers: readonly string[]): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const raw = ["Host", "shop.example", "Connection", "Upgrade", "Upgrade", "websocket", "Cookie", cookie, ...headers];
  const outgoing = request({ host: "127.0.0.1", port, headers: raw, agent: false, setHost: false });
  return new Promise((resolve, reject) => {
    outgoing.on("upgrade", (answer, socket) => {
      socket.destroy();
      resolve(answer.statusCode ?? 0);
    });
    outgoing.on("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

test.each([
  [OWN, 101],
  [TRUSTED, 101],
  ["https://shop.example.evil.example", 403],
  ["https://evilshop.example", 403],
  ["https://evil.example/https://shop.example", 403],
  ["https://shop.example:8443", 403],
  ["https://shop.example:443", 403],
  ["http://shop.example", 403],
  ["wss://shop.example", 403],
  ["https://shop.example@evil.example", 403],
  ["https://alice@shop.example", 403],
  ["https://shop.example.", 403],
  ["https://shop.example/", 403],
  ["https://SHOP.example", 403],
  ["HTTPS://shop.example", 403],
  ["https://app.example", 403],
  ["http://app.example:8443", 403],
  ["https://x.app.example:8443", 403],
  ["file://", 403],
  ["shop.example", 403],
  ["", 403],
] as const)("an upgrade from the origin %j: %i", async (origin, status) => {
  expect(await upgrade(["Origin", origin])).toBe(status);
});

test.each([
  { name: "two origins, the own one first", headers: ["Origin", OWN, "Origin", "https://evil.example"] },
  { name: "two origins, the own one last", headers: ["Origin", "https://evil.example", "Origin", OWN] },
  { name: "two origins in one line", headers: ["Origin", `${OWN}, https://evil.example`] },
  {
    name: "a forwarded host that is the origin's",
    headers: ["Origin", "https://evil.example", "X-Forwarded-Host", "evil.example"],
  },
])("an upgrade with $name: 403", async ({ headers }) => {
  expect(await upgrade(headers)).toBe(403);
});

describe("a ticket is refused", () => {
  const made = async (user: string): Promise<string[]> => {
    const { session } = await sessions.createNewSession(user);
    return (await createSocketTicket(session.handle, { sessions })).value.split(".");
  };
  const CHANGES: Readonly<Record<string, (own: string[], other: string[]) => string[]>> = {
    "for the handle of another session": (own, other) => own.with(2, other[2] ?? ""),
    "with a longer life": (own) => own.with(3, String(Number(own[3]) + 1)),
    "with a life for ever": (own) => own.with(3, "9".repeat(16)),
    "with the same life in another spelling": (own) => own.with(3, `0${own[3]}`),
    "as if it were another one": (own, other) => own.with(1, other[1] ?? ""),
    "with the MAC of another one": (own, other) => own.with(4, other[4] ?? ""),
    "with a MAC under the key of anti-CSRF tokens": (own) => {
      const mac = createHmac("sha256", deriveKey(SECRET, "anti-csrf")).update(own.slice(0, 4).join("."));
      return own.with(4, mac.digest("base64url"));
    },
    "with an end of no kind": (own) => own.with(3, "NaN"),
    "with a part more": (own) => [...own, own[4] ?? ""],
    "of another version": (own) => own.with(0, "cft2"),
  };
  test.each(Object.keys(CHANGES))("%s, and the genuine one stays good", async (what) => {
    const [own, other] = [await made("alice"), await made("bob")];
    const changed = CHANGES[what]?.(own, other) ?? own;
    expect(changed).not.toEqual(own);
    expect(await outcomeOf(redeemSocketTicket(changed.join("."), { sessions }))).toBe("UNAUTHORISED/TICKET_INVALID");
    expect(await outcomeOf(redeemSocketTicket(own.join("."), { sessions }))).toBe("ok");
  });
});
