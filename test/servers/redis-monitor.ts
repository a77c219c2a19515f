import { once } from "node:events";
import { connect } from "node:net";

/** What a Redis server is asked to do, read from its MONITOR stream. */
export interface RedisMonitor {
  /**
   * `GET key`, or `lua GET key` where a script does it, up to the command that has `marker` in it;
   * without those of `addresses`.
   */
  takeUntil(marker: string, addresses: ReadonlySet<string>): Promise<string[]>;
  close(): void;
}

const LINE = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/;

export async function startRedisMonitor(
  host: string,
  port: number,
  password: string | undefined,
): Promise<RedisMonitor> {
  const socket = connect(port, host);
  // The server is killed in some tests; what came before counts.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  let buffered = "";
  let arrived = (): void => undefined;
  socket.on("data", (chunk) => {
    // Latin-1, as MONITOR escapes all that is not ASCII.
    buffered += chunk.toString("latin1");
    arrived();
  });
  socket.on("close", () => arrived());
  const commands = [...(password === undefined ? [] : [["AUTH", password]]), ["MONITOR"]];
  socket.write(commands.map(encode).join(""));
  const greeting = "+OK\r\n".repeat(commands.length);
  await receive(() => buffered.length >= greeting.length);
  if (!buffered.startsWith(greeting)) throw new Error(`MONITOR is refused: ${buffered}`);
  buffered = buffered.slice(greeting.length);
  socket.unref();

  async function receive(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      if (socket.destroyed) throw new Error("the monitored server is gone");
      await new Promise<void>((resolve) => (arrived = resolve));
    }
  }

  return {
    async takeUntil(marker, addresses) {
      await receive(() => buffered.includes(`${marker}"\r\n`));
      const lines = buffered.split("\r\n");
      const last = lines.findIndex((line) => line.includes(marker));
      buffered = lines.slice(last + 1).join("\r\n");
      return lines.slice(0, last).flatMap((line) => {
        const [, address = "", command = ""] = LINE.exec(line) ?? [];
        if (addresses.has(address)) return [];
        const words = [...command.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) => word);
        return [(address === "lua" ? ["lua", ...words] : words).join(" ")];
      });
    },
    close: () => void socket.destroy(),
  };
}

const encode = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
