import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connections that are kept alive between the turns of a contender. */
export interface Load {
  /**
   * One request on each connection at a time, for so many ms. @throws when an answer is not the
   * expected one
   */
  run(ms: number): Promise<LoadFigures>;
  close(): void;
}

export interface LoadFigures {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly ms: number;
}

const SUCCESS = Buffer.from("HTTP/1.1 200 ");

/**
 * Node's own client costs more than the servers that are measured, so this one knows the answer:
 * every answer of a contender has the same length.
 */
export async function openLoad(
  port: number,
  requests: readonly Buffer[],
  shape: { readonly connections: number; readonly answerLength: number },
): Promise<Load> {
  const sockets = await Promise.all(Array.from({ length: shape.connections }, () => open(port)));
  let turn = 0;
  const next = (): Buffer => requests[(turn += 1) % requests.length] ?? Buffer.alloc(0);

  const runOn = (socket: Socket, until: number): Promise<number> =>
    new Promise((resolve, reject) => {
      let answered = 0;
      let received = 0;
      const onEnd = (): void => finish(() => reject(new Error("the server has closed a connection")));
      const onData = (chunk: Buffer): void => {
        if (received === 0 && !chunk.subarray(0, SUCCESS.length).equals(SUCCESS))
          return finish(() => reject(new Error(`an unexpected answer: ${chunk.toString("latin1")}`)));
        received += chunk.length;
        if (received < shape.answerLength) return;
        if (received > shape.answerLength)
          return finish(() => reject(new Error(`a longer answer than before: ${chunk.toString("latin1")}`)));
        answered += 1;
        received = 0;
        if (performance.now() >= until) finish(() => resolve(answered));
        else socket.write(next());
      };
      const finish = (settle: () => void): void => {
        socket.off("data", onData).off("close", onEnd);
        settle();
      };
      socket.on("data", onData).on("close", onEnd);
      socket.write(next());
    });

  return {
    async run(ms) {
      const begun = performance.now();
      const counts = await Promise.all(sockets.map((socket) => runOn(socket, begun + ms)));
      return { requests: counts.reduce((sum, count) => sum + count, 0), ms: performance.now() - begun };
    },
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  return socket;
}

/** One request on a connection of its own: the whole answer, as text. */
export async function ask(port: number, request: Buffer): Promise<string> {
  const socket = await open(port);
  try {
    socket.write(request);
    let answer = "";
    while (!isWhole(answer)) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      answer += chunk.toString("latin1");
    }
    return answer;
  } finally {
    socket.destroy();
  }
}

function isWhole(answer: string): boolean {
  const end = answer.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const length = /^content-length: *(\d+)\r?$/im.exec(answer.slice(0, end))?.[1];
  if (length === undefined) throw new Error(`an answer without a length: ${answer}`);
  return answer.length >= end + 4 + Number(length);
}
