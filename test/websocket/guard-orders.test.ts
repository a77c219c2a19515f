/**
 * A session that ends before, while or after its socket is opened: the socket is closed, in each
 * order and without `every`.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import {
  createSocketGuard,
  createSocketTicket,
  getUpgradeSession,
  redeemSocketTicket,
  refuseUpgrade,
  type SocketGuard,
  TICKET_PROTOCOL,
} from "counterfoil/websocket";
import { Server as SocketIo } from "socket.io";
import { io } from "socket.io-client";
import { describe, expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { DAY, SECRET, START } from "../fixtures/constants.ts";
import { until } from "../servers/until.ts";
import { switchable } from "../store/switchable-store.ts";

class World {
  readonly clock: { now: number } = { now: START };
  readonly #store = switchable(memory());
  readonly sessions: Sessions = this.#open();
  /** Another process on the same store. */
  readonly elsewhere: Sessions = this.#open();
  readonly guard: SocketGuard = createSocketGuard({ sessions: this.sessions });
  #added = 0;
  readonly server = createServer();
  readonly down = this.#store.down;
  readonly up = this.#store.up;
  readonly takeCalls = this.#store.takeCalls;
  /** Between the check of an upgrade and its socket. */
  between: (() => Promise<unknown>) | undefined;

  static async start(): Promise<World> {
    const world = new World();
    world.server.listen(0, "127.0.0.1");
    await once(world.server, "listening");
    onTestFinished(async () => {
      world.guard.stop();
      world.server.closeAllConnections();
      world.server.close();
      await world.elsewhere.close();
      await world.sessions.close();
    });
    return world;
  }

  #open(): Sessions {
    return createSessions({ store: this.#store.store, secret: SECRET, clock: () => this.clock.now });
  }

  /** Resolves once so many sockets have been added to the guard. */
  async added(count: number): Promise<void> {
    await until(`${count} sockets`, () => this.#added >= count);
  }

  #add(handle: string, close: () => void): () => void {
    this.#added += 1;
    return this.guard.add(handle, close);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** As the guide has it for `ws`. */
  serveWs(): void {
    const { sessions } = this;
    const sockets = new WebSocketServer({ noServer: true });
    const welcome = async (request: IncomingMessage, ...rest: [never, never]): Promise<void> => {
      const session = await getUpgradeSession(request, { sessions });
      await this.between?.();
      sockets.handleUpgrade(request, ...rest, (ws) => {
        ws.on(
          "close",
          this.#add(session.handle, () => ws.close(4401, "signed out")),
        );
        ws.send("hello");
      });
    };
    this.server.on("upgrade", (request: IncomingMessage, socket, head) => {
      welcome(request, socket as never, head as never).catch((error: unknown) =>
        refuseUpgrade(socket, error, { sessions }),
      );
    });
  }

  /** As the guide has it for Socket.IO. */
  serveSocketIo(): void {
    const { sessions } = this;
    const sockets = new SocketIo(this.server, { transports: ["websocket"] });
    onTestFinished(() => void sockets.close());
    const data = (socket: { data: unknown }): { handle?: string } => socket.data as { handle?: string };
    sockets.use((socket, next) => {
      const { ticket } = socket.handshake.auth as { ticket?: string };
      const find = async (): Promise<void> => {
        const session = await (ticket === undefined
          ? getUpgradeSession(socket.request, { sessions })
          : redeemSocketTicket(ticket, { sessions }));
        data(socket).handle = session.handle;
        await this.between?.();
      };
      find().then(() => next(), next);
    });
    sockets.on("connection", (socket) => {
      socket.on(
        "disconnect",
        this.#add(data(socket).handle ?? "", () => void socket.disconnect(true)),
      );
    });
  }
}

interface SignedIn {
  readonly handle: string;
  readonly accessToken: string;
}

async function signIn({ sessions }: World): Promise<SignedIn> {
  const { session, accessToken } = await sessions.createNewSession("alice");
  return { handle: session.handle, accessToken: accessToken.value };
}

/**
 * Opens a socket. Resolves with its close code or reason once it is closed, and with `refused`
 * where there is none.
 */
type Connect = (world: World, user: SignedIn, ticket?: string) => Promise<unknown>;

const connectWs: Connect = (world, { accessToken }, ticket) => {
  const protocols = ticket === undefined ? [] : ["chat", TICKET_PROTOCOL + ticket];
  const headers: Record<string, string> = ticket === undefined ? { authorization: `Bearer ${accessToken}` } : {};
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}/`, protocols, { headers });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve) => {
    socket.once("close", resolve);
    socket.once("error", () => resolve("refused"));
  });
};

const connectSocketIo: Connect = (world, { accessToken }, ticket) => {
  const client = io(`http://127.0.0.1:${world.port}`, {
    transports: ["websocket"],
    reconnection: false,
    ...(ticket === undefined ? { extraHeaders: { authorization: `Bearer ${accessToken}` } } : { auth: { ticket } }),
  });
  onTestFinished(() => void client.disconnect());
  return new Promise((resolve) => {
    client.once("disconnect", resolve);
    client.once("connect_error", () => resolve("refused"));
  });
};

const LIBRARIES = [
  { library: "ws", serve: (world: World) => world.serveWs(), connect: connectWs, closed: 4401 },
  {
    library: "Socket.IO",
    serve: (world: World) => world.serveSocketIo(),
    connect: connectSocketIo,
    closed: "io server disconnect",
  },
] as const;

/** How a session ends; all but the last two are seen by this process as they happen. */
const ENDS: readonly (readonly [string, (world: World, handle: string) => Promise<unknown>])[] = [
  ["its session is revoked", ({ sessions }, handle) => sessions.revokeSessionUsingSessionHandle(handle)],
  ["all sessions of its user are revoked", ({ sessions }) => sessions.revokeAllSessionsForUser("alice")],
  ["all sessions are revoked", ({ sessions }) => sessions.revokeAllSessions()],
  ["another process revokes it", ({ elsewhere }, handle) => elsewhere.revokeSessionUsingSessionHandle(handle)],
  ["it expires", async ({ clock }) => void (clock.now += 366 * DAY)],
];

describe.each(LIBRARIES)("$library, without `every`", ({ serve, connect, closed }) => {
  describe.each(["token", "ticket"])("by %s", (by) => {
    const ticketOf = async ({ sessions }: World, { handle }: SignedIn): Promise<string | undefined> =>
      by === "ticket" ? (await createSocketTicket(handle, { sessions })).value : undefined;

    test.each(ENDS)("%s between the check of the upgrade and the socket", async (_, end) => {
      const world = await World.start();
      serve(world);
      const user = await signIn(world);
      world.between = () => end(world, user.handle);
      expect(await connect(world, user, await ticketOf(world, user))).toBe(closed);
    });

    test.each(ENDS)("%s before", async (title, end) => {
      const world = await World.start();
      serve(world);
      const user = await signIn(world);
      const ticket = await ticketOf(world, user);
      await end(world, user.handle);
      // With `revocation: "off"` a revoked session's access token opens a socket; the key of an old
      // one is gone.
      const opens = by === "token" && title !== "all sessions are revoked" && title !== "it expires";
      expect(await connect(world, user, ticket)).toBe(opens ? closed : "refused");
    });

    test.each(ENDS)("%s afterwards", async (_, end) => {
      const world = await World.start();
      serve(world);
      const user = await signIn(world);
      const ending = connect(world, user, await ticketOf(world, user));
      await world.added(1);
      await end(world, user.handle);
      // For what this process does not see by itself.
      await world.guard.check();
      expect(await ending).toBe(closed);
    });
  });
});

describe("the question that a guard asks when a socket is added", () => {
  test("is one for each session, however many sockets come at once, and none for a socket that has closed", async () => {
    const world = await World.start();
    const { guard, takeCalls } = world;
    const [first, second] = [await signIn(world), await signIn(world)];
    takeCalls();
    for (let n = 0; n < 50; n += 1) guard.add(first.handle, () => undefined);
    guard.add(second.handle, () => undefined)();
    await guard.check();
    const asked = takeCalls().filter((call) => call === "findSession").length;
    // The first socket's, one for those that came while the store answered, and the check's own.
    expect(asked).toBeLessThanOrEqual(3);
    await guard.check();
    expect(takeCalls()).toEqual(["findSession"]);
  });

  test("is asked again for a socket that is added while the store answers", async () => {
    const world = await World.start();
    const { guard, sessions } = world;
    const closed: string[] = [];
    const { handle } = await signIn(world);
    guard.add(handle, () => closed.push("first"));
    // The store has been asked, and has found the session.
    await sessions.revokeSessionUsingSessionHandle(handle);
    guard.add(handle, () => closed.push("second"));
    expect(closed).toEqual(["first"]);
    await expect.poll(() => closed).toEqual(["first", "second"]);
  });

  test("closes nothing while the store is down, and is asked again with the next socket", async () => {
    const world = await World.start();
    const { guard, elsewhere } = world;
    const closed: string[] = [];
    const [revoked, live] = [await signIn(world), await signIn(world)];
    await elsewhere.revokeSessionUsingSessionHandle(revoked.handle);
    world.down();
    world.takeCalls();
    guard.add(revoked.handle, () => closed.push("revoked"));
    guard.add(live.handle, () => closed.push("live"));
    await expect.poll(() => world.takeCalls()).toContain("findSession");
    expect(closed).toEqual([]);
    world.up();
    guard.add(live.handle, () => closed.push("live"));
    await expect.poll(() => closed).toEqual(["revoked"]);
  });

  test("calls no closing function before `add` has returned", async () => {
    const world = await World.start();
    const { handle } = await signIn(world);
    await world.elsewhere.revokeSessionUsingSessionHandle(handle);
    let hasReturned = false;
    const seen = new Promise((resolve) => {
      world.guard.add(handle, () => resolve(hasReturned));
      hasReturned = true;
    });
    expect(await seen).toBe(true);
  });
});
