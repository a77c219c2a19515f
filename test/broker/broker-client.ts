/** How a test file reaches what all files of a run share. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { receive, send } from "./json-lines.ts";

/** Environment variable with the broker's socket. */
export const BROKER = "COUNTERFOIL_TEST_BROKER";

export interface Question {
  readonly id: number;
  readonly service: string;
  readonly given: unknown;
}

export interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Settle {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

let connection: Promise<Broker> | undefined;

/** Whether there is a broker: not so outside vitest, for instance in a benchmark. */
export const hasBroker = (): boolean => process.env[BROKER] !== undefined;

/**
 * Asks the broker's service, which starts with the first question.
 *
 * @param service a name from services.ts
 * @throws what the service throws, as an `Error` with its message
 */
export async function askBroker<Result>(service: string, given: unknown = {}): Promise<Result> {
  connection ??= Broker.connect();
  return (await connection).ask(service, given) as Promise<Result>;
}

class Broker {
  readonly #socket: Socket;
  readonly #open = new Map<number, Settle>();
  #questions = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    receive(socket, (message) => this.#take(message as Reply));
    socket.on("close", () => {
      connection = undefined;
      for (const { reject } of this.#open.values()) reject(new Error("the broker of this run has ended"));
    });
    // The worker may end; what it has opened ends with its connection.
    socket.unref();
  }

  static async connect(): Promise<Broker> {
    const path = process.env[BROKER];
    if (path === undefined) throw new Error(`${BROKER} is not set: run the tests by vitest, with its global setup`);
    const socket = connect(path);
    await once(socket, "connect");
    return new Broker(socket);
  }

  async ask(service: string, given: unknown): Promise<unknown> {
    const question: Question = { id: ++this.#questions, service, given };
    this.#socket.ref();
    try {
      return await new Promise<unknown>((resolve, reject) => {
        this.#open.set(question.id, { resolve, reject });
        send(this.#socket, question);
      });
    } finally {
      this.#open.delete(question.id);
      if (this.#open.size === 0) this.#socket.unref();
    }
  }

  #take({ id, result, error }: Reply): void {
    const settle = this.#open.get(id);
    if (error === undefined) settle?.resolve(result);
    else settle?.reject(new Error(error));
  }
}
