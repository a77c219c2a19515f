import type { RedisClient } from "../../redis.ts";
import { storeError } from "../session/store-error.ts";
import { importDriver } from "../store/app-driver.ts";
import { withDeadline } from "../with-deadline.ts";
import { UsageError } from "./command-error.ts";

/** The address of a cluster, or of a master by its sentinels. */
export interface RedisGroup {
  readonly kind: "cluster" | "sentinel";
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** The name of the master; empty for a cluster. */
  readonly name: string;
  readonly credentials: { readonly username?: string; readonly password?: string };
  readonly isSecure: boolean;
}

/** A client that is connected. */
export interface OpenedClient {
  readonly client: RedisClient;
  readonly end: () => Promise<void>;
}

const ADDRESS = /^(rediss?)\+(cluster|sentinel):\/\/(?:(.*)@)?([^@/?#]+)(?:\/([^/?#@]*))?$/is;
const NODE = /^(\[[0-9a-f:.]+\]|[^[\]:]+)(?::(\d{1,5}))?$/i;

/** How long an attempt to connect may take, in ms. */
const PATIENCE = 10_000;

/** @returns undefined for another address @throws UsageError, which repeats no part of it */
export function parseRedisGroup(address: string): RedisGroup | undefined {
  if (!/^rediss?\+/i.test(address)) return undefined;
  const [, scheme = "", kind = "", userInfo = "", list = "", name = ""] = ADDRESS.exec(address) ?? [];
  const isCluster = kind.toLowerCase() === "cluster";
  const nodes = list.split(",").map((node) => toNode(node, isCluster ? 6379 : 26_379));
  const found = nodes.filter((node) => node !== undefined);
  if (found.length !== nodes.length || (name === "") !== isCluster) throw wrongGroup();
  const credentials = toCredentials(userInfo);
  const isSecure = scheme.toLowerCase() === "rediss";
  return { kind: isCluster ? "cluster" : "sentinel", nodes: found, name, credentials, isSecure };
}

function toNode(text: string, defaultPort: number): RedisGroup["nodes"][number] | undefined {
  const [, host, port] = NODE.exec(text) ?? [];
  if (host === undefined) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: port === undefined ? defaultPort : Number(port) };
}

function toCredentials(userInfo: string): RedisGroup["credentials"] {
  const [, user = "", password = ""] = /^([^:]*)(?::(.*))?$/s.exec(userInfo) ?? [];
  try {
    return {
      ...(user === "" ? {} : { username: decodeURIComponent(user) }),
      ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    };
  } catch {
    throw wrongGroup();
  }
}

const wrongGroup = (): UsageError =>
  new UsageError(
    "write redis+cluster://user:password@host:port,host:port or redis+sentinel://user:password@host:port,host:port/name, with rediss for TLS; a % in the password is written %25",
  );

interface Connectable {
  connect(): Promise<unknown>;
  on(event: "error", listener: () => void): unknown;
  /** Of node-redis from version 5 on; the others have `disconnect`. */
  destroy?(): unknown;
  disconnect(): unknown;
}

/** Makes a client with the installed driver. @throws SessionError */
export async function connectGroup(group: RedisGroup): Promise<OpenedClient> {
  const { name, module } = await importDriver("redis", "@redis/client", "ioredis");
  const client = name === "ioredis" ? byIoRedis(module, group) : byNodeRedis(module, group);
  let ending: unknown;
  const end = async (): Promise<void> => {
    // node-redis throws if it is closed twice.
    ending ??= client.destroy === undefined ? client.disconnect() : client.destroy();
    await ending;
  };
  // The operation that needed the connection reports its loss.
  client.on("error", () => undefined);
  try {
    await withDeadline(client.connect(), performance.now() + PATIENCE, () => new Error("none of them answers"));
  } catch (cause) {
    await end().catch(() => undefined);
    throw storeError("the database cannot be reached; check the hosts and ports, the name and the password", cause);
  }
  return { client: client as unknown as RedisClient, end };
}

type Module = Readonly<Record<string, unknown>>;

function byNodeRedis(module: Module, { kind, nodes, name, credentials, isSecure }: RedisGroup): Connectable {
  const tls = isSecure ? { tls: true } : {};
  const { createCluster, createSentinel } = module as Readonly<
    Record<string, ((options: object) => Connectable) | undefined>
  >;
  if (kind === "cluster" && createCluster !== undefined)
    return createCluster({
      rootNodes: nodes.map((node) => ({ socket: { ...node, ...tls } })),
      defaults: { ...credentials, socket: tls },
    });
  if (createSentinel === undefined)
    throw new UsageError("this node-redis knows no sentinels; install version 5 or newer, or name the master");
  return createSentinel({
    name,
    sentinelRootNodes: nodes,
    nodeClientOptions: { ...credentials, socket: tls },
    sentinelClientOptions: { socket: tls },
  });
}

function byIoRedis(module: Module, { kind, nodes, name, credentials, isSecure }: RedisGroup): Connectable {
  const { Cluster, Redis } = module as Readonly<Record<string, new (...options: unknown[]) => Connectable>>;
  const tls = isSecure ? { tls: {} } : {};
  if (kind === "cluster" && Cluster !== undefined)
    return new Cluster(nodes, { lazyConnect: true, redisOptions: { ...credentials, ...tls } });
  const Client = Redis ?? (module["default"] as new (options: object) => Connectable);
  return new Client({
    sentinels: nodes,
    name,
    lazyConnect: true,
    enableTLSForSentinelMode: isSecure,
    // One look at each sentinel, in place of looking for ever.
    sentinelRetryStrategy: () => null,
    ...credentials,
    ...tls,
  });
}
