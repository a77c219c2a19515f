import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "redis";
import { findBinary } from "./binaries.ts";
import { freePorts } from "./free-port.ts";
import { type Redis, startRedis } from "./redis.ts";
import { createServerFolder } from "./server-folder.ts";
import { type ServerLifecycle, startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

export interface Sentinel extends ServerLifecycle {
  readonly host: string;
  readonly port: number;
  admin(...command: readonly string[]): Promise<unknown>;
}

export interface RedisSentinel {
  /** The name under which the sentinels know the master. */
  readonly name: string;
  /** Three, of which two must agree. */
  readonly sentinels: readonly Sentinel[];
  /** The master of the start, then its replica. */
  readonly servers: readonly Redis[];
  /** By the sentinels that run. */
  master(): Promise<Redis>;
  /** Kills the master, and gives it. */
  killMaster(): Promise<Redis>;
  /**
   * Lets the sentinels make the replica the master, once it has all that was written; done when
   * they have.
   */
  failOver(): Promise<void>;
  /** Done when all running sentinels name another master than `lost`, which takes writes. */
  waitForFailover(lost: Redis): Promise<Redis>;
  /**
   * Done when the running servers are one master and its replicas, which have all that it has
   * written.
   */
  waitUntilInSync(): Promise<void>;
  remove(): Promise<void>;
}

export interface RedisSentinelOptions {
  /** Milliseconds of silence after which a master counts as failed. Default: 500. */
  readonly downAfter?: number;
  readonly appendOnly?: "always" | "everysec" | "no";
}

const NAME = "counterfoil";
const QUORUM = 2;
/**
 * Milliseconds, instead of seconds, from one look to the next. What is known of a replica is good
 * for five ping periods, and learnt once a second while its master is down: shorter ones would
 * leave no replica to promote.
 */
const FAST = "ping-period 400 ask-period 200 info-period 300 publish-period 200 election-timeout 1000".split(" ");
const HOST = "127.0.0.1";

/** A Redis master with a replica and three sentinels, of the test's own. */
export async function startRedisSentinel(options: RedisSentinelOptions = {}): Promise<RedisSentinel> {
  const { downAfter = 500, appendOnly } = options;
  const [masterPort = 0, replicaPort = 0, ...sentinelPorts] = await freePorts(5);
  const common = appendOnly === undefined ? {} : { appendOnly };
  const args = ["--repl-diskless-sync-delay", "0"];
  const peers = sentinelPorts.map((port) => ({ port, id: randomBytes(20).toString("hex") }));
  const [servers, sentinels] = await Promise.all([
    Promise.all([
      startRedis({ ...common, args, port: masterPort }),
      startRedis({ ...common, args: [...args, "--replicaof", `${HOST} ${masterPort}`], port: replicaPort }),
    ]),
    Promise.all(
      peers.map(({ port, id }) => {
        const others = peers.filter((peer) => peer.port !== port);
        return startSentinel(port, [
          `sentinel monitor ${NAME} ${HOST} ${masterPort} ${QUORUM}`,
          `sentinel down-after-milliseconds ${NAME} ${downAfter}`,
          `sentinel failover-timeout ${NAME} ${downAfter * 2}`,
          // What they would find out by themselves, only later.
          `sentinel myid ${id}`,
          `sentinel known-replica ${NAME} ${HOST} ${replicaPort}`,
          ...others.map((other) => `sentinel known-sentinel ${NAME} ${HOST} ${other.port} ${other.id}`),
        ]);
      }),
    ),
  ]);

  async function masterSeenBy(sentinel: Sentinel): Promise<Redis | undefined> {
    const address = (await sentinel.admin("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)) as readonly string[];
    return servers.find(({ port }) => String(port) === address[1]);
  }

  const watching = (): Sentinel[] => sentinels.filter((sentinel) => sentinel.isRunning());

  async function master(): Promise<Redis> {
    const [sentinel] = watching();
    const server = sentinel && (await masterSeenBy(sentinel));
    if (server === undefined) throw new Error("the sentinels name no master");
    return server;
  }

  const roleOf = async (server: Redis): Promise<readonly unknown[]> =>
    (await server.admin("ROLE")) as readonly unknown[];

  /** The master that all sentinels name, and which is one, if it is another than `lost`. */
  async function successorOf(lost: Redis): Promise<Redis | undefined> {
    const views = await Promise.all(watching().map(masterSeenBy));
    const [next] = views;
    if (next === undefined || next === lost || views.some((view) => view !== next)) return undefined;
    return (await roleOf(next))[0] === "master" ? next : undefined;
  }

  const waitUntilInSync = async (): Promise<void> => {
    await until("the replica is in sync", async () => {
      const roles = await Promise.all(servers.filter((server) => server.isRunning()).map(roleOf));
      const masters = roles.filter(([role]) => role === "master");
      const written = Number(masters[0]?.[1]);
      const replicas = roles.filter(
        ([role, , , link, read]) => role === "slave" && link === "connected" && Number(read) >= written,
      );
      return masters.length === 1 && replicas.length === roles.length - 1;
    });
  };

  await waitUntilInSync();
  await until("the sentinels know each other and the replica", async () => {
    const views = await Promise.all(
      sentinels.map(async (sentinel) => [
        await sentinel.admin("SENTINEL", "CKQUORUM", NAME),
        await sentinel.admin("SENTINEL", "REPLICAS", NAME),
      ]),
    );
    return views.every(([quorum, replicas]) => {
      const replica = JSON.stringify(replicas);
      return (
        String(quorum).startsWith("OK 3 ") &&
        /"master-link-status"[:,]"ok"/.test(replica) &&
        /"flags"[:,]"slave"/.test(replica)
      );
    });
  });

  return {
    name: NAME,
    sentinels,
    servers,
    master,
    async killMaster() {
      const server = await master();
      await server.kill();
      return server;
    },
    async failOver() {
      await waitUntilInSync();
      const lost = await master();
      await until("the sentinels have chosen another master", async () => {
        if ((await successorOf(lost)) !== undefined) return true;
        const [sentinel] = watching();
        // One that was broken off, since it took too long, is begun anew. While one is under way
        // this fails.
        if (sentinel && (await masterSeenBy(sentinel)) === lost) await sentinel.admin("SENTINEL", "FAILOVER", NAME);
        return false;
      });
    },
    waitForFailover: async (lost) => until("the sentinels name another master", () => successorOf(lost)),
    waitUntilInSync,
    async remove() {
      await Promise.all([...servers, ...sentinels].map((server) => server.remove()));
    },
  };
}

async function startSentinel(port: number, config: readonly string[]): Promise<Sentinel> {
  const folder = createServerFolder("sentinel");
  const file = join(folder.path, "sentinel.conf");
  writeFileSync(file, [`port ${port}`, `bind ${HOST}`, `dir ${folder.path}`, ...config, ""].join("\n"));

  async function admin(...command: readonly string[]): Promise<unknown> {
    const client = createClient({ socket: { host: HOST, port, reconnectStrategy: false } });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await client.sendCommand([...command]);
    } finally {
      client.destroy();
    }
  }

  const lifecycle = await startServerProcess({
    folder,
    command: findBinary("redis-server"),
    args: () => [file, "--sentinel"],
    isReady: async () => (await admin("PING")) === "PONG",
  });
  await admin("SENTINEL", "DEBUG", ...FAST);
  return {
    ...lifecycle,
    async restart() {
      await lifecycle.restart();
      await admin("SENTINEL", "DEBUG", ...FAST);
    },
    host: HOST,
    port,
    admin,
  };
}
