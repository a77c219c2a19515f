import { generalError } from "../../errors.ts";
import { replyCode } from "./redis-errors.ts";
import { inspect, type RedisScript } from "./redis-scripts.ts";
import { markUntouched } from "../../session/store-error.ts";

/** The used part of node-redis, from version 4: a client, a pool, a cluster or sentinels. */
export interface NodeRedis {
  evalSha(sha: string, options: NodeRedisInput): Promise<unknown>;
  eval(text: string, options: NodeRedisInput): Promise<unknown>;
  multi(routing?: string): unknown;
  readonly isOpen?: boolean;
}

export interface NodeRedisInput {
  keys: string[];
  arguments: string[];
}

/**
 * The used part of ioredis, from version 5: a `Redis`, with or without sentinels, or a `Cluster`.
 */
export interface IoRedis {
  evalsha(sha: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  pipeline(): unknown;
}

export type RedisClient = NodeRedis | IoRedis;

export interface RedisCall {
  readonly script: RedisScript;
  /** Keys of one slot. The first one determines the node. */
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** How many replicas must confirm a write, and how long that may take, in ms. */
export interface RedisReplicas {
  readonly acknowledge: number;
  readonly within: number;
}

/** The operations of a client for the Redis store. */
export interface RedisDriver {
  /**
   * Runs a script. Depending on the app's client, texts of the reply may be bytes, and numbers
   * texts.
   */
  readonly run: (call: RedisCall) => Promise<unknown>;
  /** Runs a script, and counts the replicas that have confirmed its writes. */
  readonly runAndWait: (
    call: RedisCall,
    replicas: RedisReplicas,
  ) => Promise<{ readonly reply: unknown; readonly confirmed: number }>;
  /**
   * Drops the store's own client, because it did not respond to a call that began at `since`. The
   * next call makes another.
   */
  readonly abandon: (since: number) => Promise<void>;
  /**
   * Calls `wake` for each message of a channel, on a connection of its own, which comes back after
   * a break. A message may be lost meanwhile.
   *
   * @returns a function that ends it
   */
  readonly subscribe: (channel: string, wake: () => void) => Promise<() => Promise<void>>;
  /** Ends the store's own client. Safe to call twice. */
  readonly close: () => Promise<void>;
}

/** The used part of both clients for messages. */
interface Subscriber {
  duplicate(): Subscriber;
  on(event: string, listener: () => void): unknown;
  connect?(): Promise<unknown>;
  subscribe(channel: string, listener?: () => void): Promise<unknown>;
  destroy?(): void;
  disconnect?(): unknown;
}

/** Provides the client. */
export interface RedisSource {
  /**
   * @returns a connected client, or the app's client in any state; or an error that says why there
   * is none
   */
  readonly get: () => Promise<RedisClient>;
  readonly abandon: (since: number) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** The app's own client, which stays open. */
export const givenClient = (client: RedisClient): RedisSource => ({
  get: async () => client,
  abandon: async () => undefined,
  end: async () => undefined,
});

export function createRedisDriver({ get: find, abandon, end }: RedisSource): RedisDriver {
  // Without a connection nothing was sent.
  const get = (): Promise<RedisClient> =>
    find().catch((error: unknown) => {
      throw markUntouched(error);
    });
  async function run(call: RedisCall): Promise<unknown> {
    const client = await get();
    const { script, keys, args } = call;
    for (let source: Source = "sha"; ; source = "text") {
      try {
        if (!isNodeRedis(client)) {
          return source === "sha"
            ? await client.evalsha(script.sha, keys.length, ...keys, ...args)
            : await client.eval(script.text, keys.length, ...keys, ...args);
        }
        refuseClosed(client);
        if (isOldCluster(client)) return await client.sendCommand(keys[0], false, command(source, call));
        return source === "sha"
          ? await client.evalSha(script.sha, nodeRedisInput(call))
          : await client.eval(script.text, nodeRedisInput(call));
      } catch (error) {
        if (source === "text" || !isUnknownScript(error)) throw error;
      }
    }
  }

  return {
    run,

    async runAndWait(call, replicas) {
      const client = await get();
      try {
        return await waitBy(client, call, replicas);
      } catch (error) {
        if (replyCode(error) !== "MOVED") throw error;
        // Drivers follow MOVED for single commands but not in pipelines. One command updates their
        // slot map.
        await run({ script: inspect, keys: call.keys.slice(0, 1), args: [] });
        return waitBy(client, call, replicas);
      }
    },

    async subscribe(channel, wake) {
      const client = (await get()) as RedisClient & Subscriber;
      // A connection that listens takes no other commands.
      const own = client.duplicate();
      // Without a listener the error of a broken connection would end the process.
      own.on("error", () => undefined);
      // After a break it subscribes again by itself, and messages of between are lost.
      own.on("ready", wake);
      if ("evalSha" in own) {
        await own.connect?.();
        await own.subscribe(channel, wake);
        return async () => {
          // node-redis 4 has no `destroy`.
          if (own.destroy === undefined) await own.disconnect?.();
          else own.destroy();
        };
      }
      own.on("message", wake);
      await own.subscribe(channel);
      return async () => void own.disconnect?.();
    },

    abandon,
    close: end,
  };
}

/** The hash of a script, or its text if the server does not know the hash. */
type Source = "sha" | "text";

/**
 * After a restart, a fail-over or SCRIPT FLUSH the server does not know the hash, and refuses
 * before it does anything.
 */
const isUnknownScript = (error: unknown): boolean => replyCode(error) === "NOSCRIPT";

/**
 * Sends WAIT on the same connection in any case: WAIT counts the replicas that have this
 * connection's writes, and on a new connection it would count all replicas.
 */
async function waitBy(
  client: RedisClient,
  call: RedisCall,
  replicas: RedisReplicas,
): Promise<{ readonly reply: unknown; readonly confirmed: number }> {
  for (let source: Source = "sha"; ; source = "text") {
    try {
      const [reply, confirmed] = isNodeRedis(client)
        ? await nodeRedisPipeline(client, source, call, replicas)
        : await ioRedisPipeline(client, source, call, replicas);
      return { reply, confirmed: Number(confirmed) };
    } catch (error) {
      if (source === "text" || !isUnknownScript(error)) throw error;
    }
  }
}

const isNodeRedis = (client: RedisClient): client is NodeRedis => "evalSha" in client;

function refuseClosed(client: NodeRedis): void {
  if (client.isOpen === false)
    throw generalError(
      "STORE_UNAVAILABLE",
      "the client of node-redis is not connected, or was closed; call await client.connect() first, and close it last",
    );
}

const nodeRedisInput = ({ keys, args }: RedisCall): NodeRedisInput => ({ keys: [...keys], arguments: [...args] });

interface NodeRedisPipeline {
  evalSha(sha: string, options: NodeRedisInput): NodeRedisPipeline;
  eval(text: string, options: NodeRedisInput): NodeRedisPipeline;
  wait?(replicas: number, timeout: number): NodeRedisPipeline;
  execAsPipeline(): Promise<readonly unknown[]>;
}

async function nodeRedisPipeline(
  client: NodeRedis,
  source: Source,
  call: RedisCall,
  { acknowledge, within }: RedisReplicas,
): Promise<readonly unknown[]> {
  refuseClosed(client);
  const pipeline = client.multi(call.keys[0]) as NodeRedisPipeline;
  const { script } = call;
  const input = nodeRedisInput(call);
  const begun = source === "sha" ? pipeline.evalSha(script.sha, input) : pipeline.eval(script.text, input);
  if (begun.wait === undefined)
    throw generalError("STORE_UNSUITABLE", "replicas takes node-redis 5 or newer with a cluster");
  return begun.wait(acknowledge, within).execAsPipeline();
}

/**
 * A cluster of node-redis 4. Its `evalSha` asks a random node, and after a redirect another random
 * one.
 */
interface OldCluster {
  sendCommand(key: string | undefined, isReadonly: boolean, command: readonly string[]): Promise<unknown>;
}

const isOldCluster = (client: object): client is OldCluster =>
  "slots" in client && "nodeClient" in client && !("withCommandOptions" in client);

const command = (source: Source, { script, keys, args }: RedisCall): readonly string[] => [
  ...(source === "sha" ? ["EVALSHA", script.sha] : ["EVAL", script.text]),
  String(keys.length),
  ...keys,
  ...args,
];

interface IoRedisPipeline {
  evalsha(sha: string, keyCount: number, ...keysAndArguments: readonly string[]): IoRedisPipeline;
  eval(text: string, keyCount: number, ...keysAndArguments: readonly string[]): IoRedisPipeline;
  wait(replicas: number, timeout: number): IoRedisPipeline;
  exec(): Promise<readonly (readonly [Error | null, unknown])[] | null>;
}

async function ioRedisPipeline(
  client: IoRedis,
  source: Source,
  { script, keys, args }: RedisCall,
  { acknowledge, within }: RedisReplicas,
): Promise<readonly unknown[]> {
  const pipeline = client.pipeline() as IoRedisPipeline;
  const begun =
    source === "sha"
      ? pipeline.evalsha(script.sha, keys.length, ...keys, ...args)
      : pipeline.eval(script.text, keys.length, ...keys, ...args);
  const results = (await begun.wait(acknowledge, within).exec()) ?? [];
  return results.map(([error, result]) => {
    if (error !== null) throw error;
    return result;
  });
}
