import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "./free-port.ts";

export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Destroys all connections. New ones are taken. */
  cut(): void;
  /**
   * Destroys the connection on which the client speaks next (or next sends something that includes
   * `text`): `before` the server gets that, or `after`, when it has done what was asked and its
   * answer is thrown away. Done when the connection is cut; with `after` also when the server has
   * answered.
   */
  cutNext(moment: "before" | "after", text?: string): Promise<void>;
  /**
   * As `hold`, from when the client has said something that includes `text`, which the server still
   * gets.
   */
  holdAfter(text: string): Promise<void>;
  /**
   * Bytes are taken and not passed on, in both directions; connections stay open, also new ones.
   * Until `release`.
   */
  hold(): void;
  release(): void;
  /**
   * Those that are open stay so, and nothing passes any more, as to a machine that is gone; new
   * ones are well.
   */
  strand(): void;
  /** Answers take so much longer from now on, in ms. */
  slowBy(ms: number): void;
  /** Answers are thrown away until `heed`; connections stay open, and what is asked is done. */
  swallow(): void;
  heed(): void;
  /** New connections are refused, until `accept`; those that are open stay. */
  refuse(): void;
  accept(): Promise<void>;
  /** Where new connections go from now on; those that are open stay. */
  pointTo(target: ProxyTarget): void;
  /**
   * How often a client spoke first or after the server had spoken: the round trips, over all
   * connections.
   */
  turns(): number;
  resetTurns(): void;
  /** How many are open. */
  connections(): number;
  close(): Promise<void>;
}

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

interface Cut {
  readonly moment: "before" | "after" | "hold";
  readonly text: string;
  readonly done: () => void;
}

interface Link {
  readonly destroy: () => void;
  readonly flush: () => void;
  isStranded: boolean;
}

/** A TCP proxy before a server, in this process, that can fail in the ways that networks do. */
export async function startProxy(first: ProxyTarget): Promise<Proxy> {
  const links = new Set<Link>();
  let target = first;
  let cuts: readonly Cut[] = [];
  let isHolding = false;
  let isSwallowing = false;
  let lateness = 0;
  let turns = 0;

  function takeCut(bytes: Buffer): Cut | undefined {
    const cut = cuts.find(({ text }) => bytes.includes(text));
    cuts = cuts.filter((one) => one !== cut);
    return cut;
  }

  function join(client: Socket): void {
    const server = connect({ port: target.port, host: target.host, allowHalfOpen: true });
    const held: (() => void)[] = [];
    const late: (() => void)[] = [];
    let isClientsTurn = true;

    const destroy = (): void => {
      links.delete(link);
      client.destroy();
      server.destroy();
    };
    const link: Link = { destroy, flush: () => held.splice(0).forEach((pass) => pass()), isStranded: false };
    links.add(link);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // Whatever ends one side ends the other.
      socket.on("error", destroy);
    }
    const passOrHold = (pass: () => void): void => {
      if (!link.isStranded) void (isHolding ? held.push(pass) : pass());
    };

    const fromServer = (bytes: Buffer): void => {
      isClientsTurn = true;
      if (isSwallowing) return;
      const pass = (): void => passOrHold(() => client.write(bytes));
      if (lateness === 0 && late.length === 0) return pass();
      // In their order, also where those before are to be later.
      late.push(pass);
      setTimeout(() => late.shift()?.(), lateness);
    };
    client.on("data", (bytes) => {
      if (isClientsTurn) turns += 1;
      isClientsTurn = false;
      passOrHold(() => {
        const cut = takeCut(bytes);
        if (cut?.moment === "before") destroy();
        else server.write(bytes);
        if (cut?.moment === "hold") isHolding = true;
        if (cut?.moment === "after") {
          // The server's side stays open until it has answered, else it may notice the cut before
          // it does the work.
          server.off("data", fromServer);
          client.off("close", endServer);
          server.once("data", destroy);
          client.destroy();
          server.once("close", cut.done);
        } else {
          cut?.done();
        }
      });
    });
    server.on("data", fromServer);
    client.on("end", () => passOrHold(() => server.end()));
    server.on("end", () => passOrHold(() => client.end()));
    const endServer = (): void => passOrHold(destroy);
    client.on("close", endServer);
    server.on("close", () => passOrHold(destroy));
  }

  const server = createServer({ allowHalfOpen: true }, join);
  const port = await freePort();
  await listen(server, port);

  const cut = (): void => links.forEach((link) => link.destroy());
  const atNext = (moment: Cut["moment"], text: string): Promise<void> =>
    new Promise((done) => {
      cuts = [...cuts, { moment, text, done }];
    });
  return {
    host: "127.0.0.1",
    port,
    cut,
    cutNext: (moment, text = "") => atNext(moment, text),
    holdAfter: (text) => atNext("hold", text),
    hold: () => void (isHolding = true),
    release() {
      isHolding = false;
      links.forEach((link) => link.flush());
    },
    strand: () => links.forEach((link) => (link.isStranded = true)),
    slowBy: (ms) => void (lateness = ms),
    swallow: () => void (isSwallowing = true),
    heed: () => void (isSwallowing = false),
    refuse: () => void server.close(),
    accept: () => (server.listening ? Promise.resolve() : listen(server, port)),
    pointTo: (next) => void (target = next),
    turns: () => turns,
    resetTurns: () => void (turns = 0),
    connections: () => links.size,
    async close() {
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      cut();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
