import { freePorts } from "./free-port.ts";
import { type Redis, startRedis } from "./redis.ts";
import { until } from "./until.ts";

export interface RedisClusterOptions {
  readonly masters?: number;
  readonly replicasPerMaster?: number;
  /** After how many milliseconds of silence a node counts as failed. Default: 1000. */
  readonly nodeTimeout?: number;
  readonly appendOnly?: "always" | "everysec" | "no";
  readonly args?: readonly string[];
}

export interface RedisCluster {
  /** The masters of the start come first, then their replicas, in the same order. */
  readonly nodes: readonly Redis[];
  /** For the clients' constructors. */
  readonly rootNodes: readonly { readonly host: string; readonly port: number; readonly url: string }[];
  /** The node that is master for the key, by the nodes that run. */
  masterOf(key: string): Promise<Redis>;
  /** Kills the master of the key, and gives it. */
  killMasterOf(key: string): Promise<Redis>;
  /**
   * Done when another node than `lost` is master for the key, and all running nodes agree and
   * serve.
   */
  waitForFailover(key: string, lost: Redis): Promise<Redis>;
  /** Done when all running nodes serve, and all replicas among them are in sync. */
  waitUntilHealthy(): Promise<void>;
  remove(): Promise<void>;
}

const SLOTS = 16_384;

/** A Redis Cluster of the test's own. */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicasPerMaster = 1, nodeTimeout = 1000, appendOnly } = options;
  const count = masters * (1 + replicasPerMaster);
  const ports = await freePorts(count * 2);
  const busPorts = ports.splice(count);
  // A replica takes over however old its link to the master is, and does not wait to become in
  // sync.
  const settings =
    `--cluster-enabled yes --cluster-node-timeout ${nodeTimeout} ` +
    "--cluster-replica-validity-factor 0 --repl-diskless-sync-delay 0";
  const nodes = await Promise.all(
    ports.map((port, index) =>
      startRedis({
        port,
        ...(appendOnly === undefined ? {} : { appendOnly }),
        args: [...settings.split(" "), "--cluster-port", String(busPorts[index]), ...(options.args ?? [])],
      }),
    ),
  );

  async function slotOf(node: Redis, key: string): Promise<number> {
    return Number(await node.admin("CLUSTER", "KEYSLOT", key));
  }

  /** Which node is master for the slot, as `node` sees it. */
  async function masterSeenBy(node: Redis, slot: number): Promise<Redis | undefined> {
    const ranges = (await node.admin("CLUSTER", "SLOTS")) as readonly [number, number, readonly [string, number]][];
    const [, , [, port] = []] = ranges.find(([first, last]) => first <= slot && slot <= last) ?? [];
    return nodes.find((one) => one.port === port);
  }

  async function masterOf(key: string): Promise<Redis> {
    const [node] = running();
    const master = node && (await masterSeenBy(node, await slotOf(node, key)));
    if (master === undefined) throw new Error(`nobody is master for ${key}`);
    return master;
  }

  const running = (): Redis[] => nodes.filter((node) => node.isRunning());

  async function isHealthy(node: Redis): Promise<boolean> {
    const info = String(await node.admin("CLUSTER", "INFO"));
    const others = String(await node.admin("CLUSTER", "NODES"));
    const [role, , , link] = (await node.admin("ROLE")) as readonly unknown[];
    const alive = others.split("\n").filter((line) => line !== "" && !/fail|handshake|noaddr|disconnected/.test(line));
    return (
      info.includes("cluster_state:ok") &&
      alive.length === running().length &&
      alive.filter((line) => / (myself,)?master /.test(line) && /-\d+$/.test(line)).length === masters &&
      (role === "master" || link === "connected")
    );
  }

  const waitUntilHealthy = async (): Promise<void> => {
    await until("the cluster is healthy", async () => {
      // One after another: where one is not, the others need not be asked.
      for (const node of running()) if (!(await isHealthy(node))) return false;
      return true;
    });
  };

  await form(nodes, busPorts, masters);
  await waitUntilHealthy();

  return {
    nodes,
    rootNodes: nodes.map(({ host, port, url }) => ({ host, port, url })),
    masterOf,
    async killMasterOf(key) {
      const master = await masterOf(key);
      await master.kill();
      return master;
    },
    waitForFailover: async (key, lost) =>
      until(`another master for ${key}`, async () => {
        const views = await Promise.all(
          running().map(async (node) => {
            const isServing = String(await node.admin("CLUSTER", "INFO")).includes("cluster_state:ok");
            return isServing ? masterSeenBy(node, await slotOf(node, key)) : undefined;
          }),
        );
        const [master] = views;
        return master !== lost && views.every((view) => view === master) && master;
      }),
    waitUntilHealthy,
    async remove() {
      await Promise.all(nodes.map((node) => node.remove()));
    },
  };
}

/** What `redis-cli --cluster create` does, but without its waiting. */
async function form(nodes: readonly Redis[], busPorts: readonly number[], masters: number): Promise<void> {
  const [first] = nodes;
  const ids: string[] = [];
  for (const [index, node] of nodes.entries()) {
    ids.push(String(await node.admin("CLUSTER", "MYID")));
    await node.admin("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    if (index >= masters) continue;
    const firstOf = (master: number): number => Math.floor((SLOTS * master) / masters);
    await node.admin("CLUSTER", "ADDSLOTSRANGE", String(firstOf(index)), String(firstOf(index + 1) - 1));
  }
  for (const [index, { host, port }] of nodes.entries()) {
    if (index > 0) await first?.admin("CLUSTER", "MEET", host, String(port), String(busPorts[index]));
  }
  for (const [index, node] of nodes.slice(masters).entries()) {
    const master = ids[index % masters] ?? "";
    await until("a replica knows its master", async () => (await node.admin("CLUSTER", "REPLICATE", master)) === "OK");
  }
}
