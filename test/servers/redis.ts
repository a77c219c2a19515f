import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { findBinary } from "./binaries.ts";
import { freePort } from "./free-port.ts";
import { type RedisMonitor, startRedisMonitor } from "./redis-monitor.ts";
import { createServerFolder } from "./server-folder.ts";
import { type ServerLifecycle, startServerProcess } from "./server-process.ts";

export interface RedisOptions {
  /**
   * The server's `appendfsync`; each survives `kill -9`, `everysec` but for the last moments.
   * Default: nothing is kept.
   */
  readonly appendOnly?: "always" | "everysec" | "no";
  readonly password?: string;
  /** More arguments of redis-server, for instance `["--maxmemory", "1mb"]`. */
  readonly args?: readonly string[];
  readonly port?: number;
}

export interface Redis extends ServerLifecycle {
  readonly host: string;
  readonly port: number;
  readonly password: string | undefined;
  readonly url: string;
  /** One command, on a connection of its own. */
  admin(...command: readonly string[]): Promise<unknown>;
  /** Begins to note commands, for `takeLog`. Again after each restart. */
  startLog(): Promise<void>;
  /**
   * The commands of clients other than `admin` since the last call, or since `startLog`: `SET key
   * value`, `lua GET key`, with the escapes of MONITOR.
   */
  takeLog(): Promise<string[]>;
}

/** A Redis server of the test's own. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const { appendOnly, password } = options;
  const host = "127.0.0.1";
  const port = options.port ?? (await freePort());
  const folder = createServerFolder("redis");
  const ownAddresses = new Set<string>();
  let monitor: RedisMonitor | undefined;

  async function admin(...command: readonly string[]): Promise<unknown> {
    const client = createClient({
      socket: { host, port, reconnectStrategy: false },
      ...(password === undefined ? {} : { password }),
    });
    // The command fails with the same.
    client.on("error", () => undefined);
    await client.connect();
    try {
      if (monitor !== undefined)
        ownAddresses.add(/ addr=(\S+)/.exec(await client.sendCommand<string>(["CLIENT", "INFO"]))?.[1] ?? "");
      return await client.sendCommand([...command]);
    } finally {
      client.destroy();
    }
  }

  const place = ["--bind", host, "--port", String(port), "--dir", folder.path, "--save", ""];
  const persistence = appendOnly === undefined ? [] : ["--appendonly", "yes", "--appendfsync", appendOnly];
  const secret = password === undefined ? [] : ["--requirepass", password, "--masterauth", password];
  const lifecycle = await startServerProcess({
    folder,
    command: findBinary("redis-server"),
    args: () => [...place, ...persistence, ...secret, ...(options.args ?? [])],
    isReady: async () => (await admin("PING")) === "PONG",
  });

  return {
    ...lifecycle,
    host,
    port,
    password,
    url: `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}${host}:${port}`,
    admin,
    async startLog() {
      monitor?.close();
      monitor = await startRedisMonitor(host, port, password);
    },
    async takeLog() {
      if (monitor === undefined) throw new Error("call startLog first");
      const marker = randomUUID();
      await admin("ECHO", marker);
      const commands = await monitor.takeUntil(marker, ownAddresses);
      // Others may be given these ports now.
      ownAddresses.clear();
      return commands;
    },
    async remove() {
      monitor?.close();
      await lifecycle.remove();
    },
  };
}
