import { generalError } from "../../errors.ts";
import { replyCode } from "./redis-errors.ts";
import { inspect, type RedisScript } from "./redis-scripts.ts";
import { markUntouched } from "../../session/store-error.ts";

/**
 * What is called of node-redis, from version 4 on: of a client, a pool, a cluster, or sentinels.
 */
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
 * What is called of ioredis, from version 5 on: of a `Redis`, with sentinels or without, or of a
 * `Cluster`.
 */
export interface IoRedis {
  evalsha(sha: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>;
  pipeline(): unknown;
}

export type RedisClient = NodeRedis | IoRedis;

export interface RedisCall {
  readonly script: RedisScript;
  /** All of one slot; the first decides which node is asked. */
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** How many replicas must have a write, and how long they may take, in ms. */
export interface RedisReplicas {
  readonly acknowledge: number;
  readonly within: number;
}

/** What the Redis store asks of a client. */
export interface RedisDriver {
  /**
   * The reply of a script; texts may be bytes, and numbers texts, as the app has set up its client.
   */
  readonly run: (call: RedisCall) => Promise<unknown>;
  /** The same, and how many replicas have confirmed what it wrote. */
  readonly runAndWait: (
    call: RedisCall,
    replicas: RedisReplicas,
  ) => Promise<{ readonly reply: unknown; readonly confirmed: number }>;
  /**
   * Gives up a client of our own that did not answer a call that began at `since`; the next call
   * makes another.
   */
  readonly abandon: (since: number) => Promise<void>;
  /** Ends the client if it is ours. Safe to call twice. */
  readonly close: () => Promise<void>;
}

/** Where the client comes from. */
export interface RedisSource {
  /**
   * A client that is connected, unless it is one of the app's; or an error that says why there is
   * none.
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
  // Without a connection nothing can have been sent.
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
        // No driver follows with a pipeline; with a single command it does, and knows the way from
        // then on.
        await run({ script: inspect, keys: call.keys.slice(0, 1), args: [] });
        return waitBy(client, call, replicas);
      }
    },

    abandon,
    close: end,
  };
}

/** The hash of a script, or its text where the server does not know it. */
type Source = "sha" | "text";

/**
 * After a restart, a fail-over or SCRIPT FLUSH the server knows no script by its hash. It says so
 * before anything is done.
 */
const isUnknownScript = (error: unknown): boolean => replyCode(error) === "NOSCRIPT";

/**
 * Followed by WAIT on the same connection, whatever happens: WAIT counts those replicas that have
 * what its own connection wrote, and on a new one it would count them all.
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
 * A cluster of node-redis 4. Its `evalSha` asks any node, and when that names the right one, any
 * other.
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
