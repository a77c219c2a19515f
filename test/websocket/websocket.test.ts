import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import {
  createSocketGuard,
  createSocketTicket,
  getUpgradeSession,
  redeemSocketTicket,
  refuseUpgrade,
  TICKET_PROTOCOL,
} from "counterfoil/websocket";
import { Server as SocketIo } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { switchable } from "../store/switchable-store.ts";

const MINUTE = 60_000;
const TRUSTED = "https://app.example";

interface World {
  readonly sessions: Sessions;
  readonly clock: { now: number };
  readonly server: Server;
  readonly port: number;
}

async function startWorld(): Promise<World> {
  const clock = { now: 1_790_000_000_000 };
  const http = { publicOrigin: "https://shop.example", trustedOrigins: [TRUSTED] };
  const sessions = createSessions({ store: memory(), clock: () => clock.now, http });
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await sessions.close();
  });
  return { sessions, clock, server, port: (server.address() as AddressInfo).port };
}

/** A server of the package ws, as the guide has it. */
async function startWs(): Promise<World & { readonly guard: ReturnType<typeof createSocketGuard> }> {
  const world = await startWorld();
  const { sessions, server } = world;
  const guard = createSocketGuard({ sessions });
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request: IncomingMessage, socket, head) => {
    getUpgradeSession(request, { sessions }).then(
      (session) =>
        sockets.handleUpgrade(request, socket, head, (ws) => {
          ws.on(
            "close",
            guard.add(session.handle, () => ws.close(4401, "signed out")),
          );
          ws.send(JSON.stringify({ user: session.userId, claims: session.jwtPayload }));
        }),
      (error: unknown) => refuseUpgrade(socket, error, { sessions }),
    );
  });
  return { ...world, guard };
}

interface Outcome {
  readonly socket: WebSocket;
  /** The first message, or the status and body of a refusal. */
  readonly said: unknown;
}

async function connect(port: number, headers: Record<string, string>, protocols: string[] = []): Promise<Outcome> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, protocols, { headers });
  onTestFinished(() => socket.terminate());
  socket.on("error", () => undefined);
  return new Promise((resolve) => {
    socket.once("message", (text: Buffer) => resolve({ socket, said: JSON.parse(text.toString()) as unknown }));
    socket.once("unexpected-response", (_, answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () =>
        resolve({ socket, said: [answer.statusCode, JSON.parse(Buffer.concat(chunks).toString())] }),
      );
    });
  });
}

const signIn = (sessions: Sessions, user = "alice") => sessions.createNewSession(user, { role: "Ädmin" });
const ALICE = { user: "alice", claims: { role: "Ädmin" } };

test("an upgrade is judged by its cookie and by where it comes from", async () => {
  const { sessions, port, clock } = await startWs();
  const { accessToken } = await signIn(sessions);
  const cookie = `${sessions.cookieNames.access}=${accessToken.value}`;
  const csrf = [403, { message: "csrf" }];
  expect((await connect(port, { cookie })).said).toEqual(ALICE);
  expect((await connect(port, { cookie, origin: "https://shop.example" })).said).toEqual(ALICE);
  expect((await connect(port, { cookie, origin: TRUSTED })).said).toEqual(ALICE);
  expect((await connect(port, { cookie, origin: "https://evil.example" })).said).toEqual(csrf);
  expect((await connect(port, { cookie, origin: "null" })).said).toEqual(csrf);
  expect((await connect(port, { cookie, "sec-fetch-site": "same-site" })).said).toEqual(csrf);
  expect((await connect(port, { authorization: `Bearer ${accessToken.value}` })).said).toEqual(ALICE);
  // A mode that a client names is its wish for the next session, and changes nothing here.
  const header = { "st-auth-mode": "header" };
  expect((await connect(port, { ...header, cookie })).said).toEqual(ALICE);
  expect((await connect(port, { ...header, cookie, origin: "https://evil.example" })).said).toEqual(csrf);
  const wish = { "st-auth-mode": "Cookie", authorization: `Bearer ${accessToken.value}` };
  expect((await connect(port, wish)).said).toEqual(ALICE);
  const two = { cookie, authorization: `Bearer ${(await signIn(sessions, "bob")).accessToken.value}` };
  expect((await connect(port, two)).said).toEqual([400, { message: "transport conflict" }]);
  expect((await connect(port, {})).said).toEqual([401, { message: "try refresh token" }]);
  expect((await connect(port, { cookie: `${sessions.cookieNames.access}=x` })).said).toEqual([
    401,
    { message: "try refresh token" },
  ]);
  clock.now += 15 * MINUTE;
  expect((await connect(port, { cookie })).said).toEqual([401, { message: "try refresh token" }]);
});

test("a ticket opens one socket, from any origin, within its time, while the session lives", async () => {
  const { sessions, port, clock } = await startWs();
  const { session } = await signIn(sessions);
  const used = [401, { message: "unauthorised" }];
  const ticketOf = async (): Promise<string[]> => {
    const { value, expires } = await createSocketTicket(session.handle, { sessions });
    expect(expires).toBe(clock.now + 30_000);
    return ["chat", TICKET_PROTOCOL + value];
  };
  const first = await ticketOf();
  const opened = await connect(port, { origin: "https://evil.example" }, first);
  expect([opened.said, opened.socket.protocol]).toEqual([ALICE, "chat"]);
  expect((await connect(port, {}, first)).said).toEqual(used);
  const late = await ticketOf();
  clock.now += 30_000;
  expect((await connect(port, {}, late)).said).toEqual(used);
  const forged = (await ticketOf()).map((one) => `${one.slice(0, -1)}!`).slice(1);
  await expect(redeemSocketTicket((forged[0] ?? "").slice(TICKET_PROTOCOL.length), { sessions })).rejects.toMatchObject(
    {
      code: "TICKET_INVALID",
    },
  );
  const revoked = await ticketOf();
  await sessions.revokeSessionUsingSessionHandle(session.handle);
  expect((await connect(port, {}, revoked)).said).toEqual(used);
  await expect(createSocketTicket(session.handle, { sessions })).rejects.toMatchObject({ code: "SESSION_NOT_FOUND" });
});

test("of many uses of one ticket at once, one succeeds", async () => {
  const { sessions } = await startWorld();
  const { session } = await signIn(sessions);
  const { value } = await createSocketTicket(session.handle, { sessions });
  const uses = await Promise.allSettled(Array.from({ length: 20 }, () => redeemSocketTicket(value, { sessions })));
  expect(uses.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("a ticket that is not valid for a moment or for too long, and a guard that checks too often, are refused", async () => {
  const { sessions } = await startWorld();
  const { session } = await signIn(sessions);
  for (const validity of ["0s", "6m", "soon" as "1s"] as const)
    await expect(createSocketTicket(session.handle, { sessions, validity })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("createSocketTicket.validity: write a") as string,
    });
  expect(() => createSocketGuard({ sessions, every: "0s" })).toThrow('write a duration from "1s" to "1d"');
  expect(() => createSocketGuard({ sessions, evry: "5s" } as object)).toThrow("there is no such option");
});

test("the sockets of a session that ends are closed, and no others", async () => {
  const { sessions, port } = await startWs();
  const [mine, other, theirs] = [await signIn(sessions), await signIn(sessions), await signIn(sessions, "bob")];
  const open = async ({ accessToken }: typeof mine): Promise<WebSocket> =>
    (await connect(port, { cookie: `${sessions.cookieNames.access}=${accessToken.value}` })).socket;
  const [first, second, third, fourth] = [await open(mine), await open(mine), await open(other), await open(theirs)];
  const closed = Promise.all([once(first, "close"), once(second, "close")]);
  await sessions.revokeSessionUsingSessionHandle(mine.session.handle);
  expect((await closed).map(([code]) => code as unknown)).toEqual([4401, 4401]);
  expect([third.readyState, fourth.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN]);
  const rest = Promise.all([once(third, "close"), once(fourth, "close")]);
  await sessions.revokeAllSessions();
  expect((await rest).map(([code]) => code as unknown)).toEqual([4401, 4401]);
});

test("the sockets of a session in which somebody acts are closed with the actor's own session", async () => {
  const sessions = createSessions({ store: memory() });
  const guard = createSocketGuard({ sessions });
  const closed: string[] = [];
  const supports = [await signIn(sessions, "support"), await signIn(sessions, "support")];
  const [first, second] = supports.map(({ session }) => session);
  const act = async (name: string, actor = first ?? expect.fail()): Promise<() => void> => {
    const { session } = await sessions.createNewSession("alice", {}, {}, { actor });
    return guard.add(session.handle, () => closed.push(name));
  };
  await act("one");
  await act("two");
  (await act("removed"))();
  await act("of the other", second);
  const { session } = await signIn(sessions);
  guard.add(session.handle, () => closed.push("her own"));
  await guard.check();
  await sessions.revokeSessionUsingSessionHandle(first?.handle ?? "");
  expect(closed.toSorted()).toEqual(["one", "two"]);
  await sessions.revokeAllSessionsForUser("support");
  expect(closed.toSorted()).toEqual(["of the other", "one", "two"]);
  await sessions.close();
});

test("what another process ends is found by a check; an outage closes nothing", async () => {
  const store = memory();
  const secret = "a secret of more than thirty-two characters";
  const { store: failing, down, up } = switchable(store);
  const here = createSessions({ store: failing, secret });
  const there = createSessions({ store, secret });
  const guard = createSocketGuard({ sessions: here });
  const closed: string[] = [];
  const [first, second] = [await signIn(here), await signIn(here)];
  guard.add(first.session.handle, () => closed.push("first"));
  guard.add(second.session.handle, () => closed.push("second"));
  const gone = guard.add(second.session.handle, () => closed.push("gone"));
  gone();
  await there.revokeSessionUsingSessionHandle(second.session.handle);
  expect(closed).toEqual([]);
  down();
  await guard.check();
  expect(closed).toEqual([]);
  up();
  await guard.check();
  expect(closed).toEqual(["second"]);
  guard.stop();
  await here.revokeSessionUsingSessionHandle(first.session.handle);
  expect(closed).toEqual(["second"]);
  await here.close();
});

test("checks at once are one, an outage ends it at the first session, and a socket that cannot be closed keeps no other open", async () => {
  const { store, takeCalls, down, up } = switchable(memory());
  const sessions = createSessions({ store });
  const guard = createSocketGuard({ sessions });
  const closed: string[] = [];
  for (const name of ["first", "second", "third"]) {
    const { session } = await signIn(sessions);
    guard.add(session.handle, () => {
      if (name === "first") throw new Error("the app's own fault");
      closed.push(name);
    });
    if (name === "third") guard.add(session.handle, () => closed.push("third, too"));
  }
  // The guard has asked about each new socket by then.
  await guard.check();
  takeCalls();
  await Promise.all([guard.check(), guard.check()]);
  expect(takeCalls()).toEqual(["findSession", "findSession", "findSession"]);
  down();
  await guard.check();
  expect(takeCalls()).toEqual(["findSession"]);
  up();
  const warned = once(process, "warning");
  await sessions.revokeAllSessionsForUser("alice");
  expect(closed.toSorted()).toEqual(["second", "third", "third, too"]);
  expect(String((await warned)[0])).toContain("the app's own fault");
  await sessions.close();
});

test("Socket.IO: by cookie from a trusted origin, or by ticket, and closed when the session ends", async () => {
  const { sessions, server, port } = await startWorld();
  const guard = createSocketGuard({ sessions });
  const sockets = new SocketIo(server, { transports: ["websocket"] });
  onTestFinished(() => void sockets.close());
  sockets.use((socket, next) => {
    const { ticket } = socket.handshake.auth as { ticket?: string };
    const welcome = async (): Promise<void> => {
      try {
        const session = await (ticket === undefined
          ? getUpgradeSession(socket.request, { sessions })
          : redeemSocketTicket(ticket, { sessions }));
        (socket.data as { session: unknown }).session = session;
        const remove = guard.add(session.handle, () => void socket.disconnect(true));
        socket.on("disconnect", remove);
        next();
      } catch (error) {
        next(error as Error);
      }
    };
    void welcome();
  });
  sockets.on("connection", (socket) =>
    socket.emit("hello", (socket.data as { session: { userId: string } }).session.userId),
  );
  const open = async (options: object): Promise<{ client: Socket; said: unknown }> => {
    const client = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false, ...options });
    onTestFinished(() => void client.disconnect());
    return new Promise((resolve) => {
      client.once("hello", (said: unknown) => resolve({ client, said }));
      client.once("connect_error", ({ message }) => resolve({ client, said: message }));
    });
  };
  const { session, accessToken } = await signIn(sessions);
  const extraHeaders = { cookie: `${sessions.cookieNames.access}=${accessToken.value}` };
  const { client, said } = await open({ extraHeaders });
  expect(said).toBe("alice");
  expect((await open({ extraHeaders: { ...extraHeaders, origin: "https://evil.example" } })).said).toBe("csrf");
  // Socket.IO sends the message of an error to the client.
  expect((await open({})).said).toBe("try refresh token");
  const { value: ticket } = await createSocketTicket(session.handle, { sessions });
  expect((await open({ auth: { ticket } })).said).toBe("alice");
  expect((await open({ auth: { ticket } })).said).toBe("unauthorised");
  const closed = once(client as never, "disconnect");
  await sessions.revokeSessionUsingSessionHandle(session.handle);
  expect(await closed).toContain("io server disconnect");
});
