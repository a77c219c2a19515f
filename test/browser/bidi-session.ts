import { once } from "node:events";

interface Message {
  readonly id?: number;
  readonly type: string;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: string;
  readonly message?: string;
}

type Result = Readonly<Record<string, unknown>>;

interface Settle {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A session of WebDriver BiDi that subscribes to no event: each command has its answer, and nothing
 * else comes.
 */
export class BidiSession {
  readonly #socket: WebSocket;
  readonly #open = new Map<number, Settle>();
  #commands = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data)) as Message));
    socket.addEventListener("close", () => {
      for (const { reject } of this.#open.values()) reject(new Error("the browser has ended"));
      this.#open.clear();
    });
  }

  /** @param endpoint as Firefox says it at its start */
  static async start(endpoint: string): Promise<BidiSession> {
    const socket = new WebSocket(`${endpoint}/session`);
    await once(socket, "open");
    const session = new BidiSession(socket);
    await session.send("session.new", { capabilities: {} });
    return session;
  }

  send(method: string, params: object = {}): Promise<Result> {
    if (this.#socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error("the browser has ended"));
    return new Promise((resolve, reject) => {
      const id = ++this.#commands;
      this.#open.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  #take({ id, type, result = {}, error, message }: Message): void {
    if (id === undefined) return;
    const settle = this.#open.get(id);
    this.#open.delete(id);
    if (type === "success") settle?.resolve(result);
    else settle?.reject(new Error(`${error}: ${message}`));
  }
}
