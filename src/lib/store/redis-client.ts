import { generalError, type SessionError } from "../errors.ts";
import { importDriver, owned, type Owned } from "./own-driver.ts";
import type { IoRedis, NodeRedis, RedisClient } from "./redis-driver.ts";
import type { RedisConnectionOptions } from "./redis-options.ts";

/**
 * A client of our own, by whichever driver is installed. It connects when it is first needed, and again by itself. It keeps nothing for later:
 * while there is no connection, whoever asks waits for the attempt under way, and gets its error.
 *
 * @param timeout how long an attempt to connect may take, in ms
 */
export function ownRedisClient(options: RedisConnectionOptions, timeout: number): Owned<RedisClient> {
  const own = owned(
    () => makeClient(options, timeout),
    async (made) => made.destroy(),
  );
  return {
    async get() {
      const { client, untilReady } = await own.get();
      await untilReady();
      return client;
    },
    end: own.end,
  };
}

interface OwnClient {
  readonly client: RedisClient;
  readonly untilReady: () => Promise<void>;
  readonly destroy: () => void;
}

type Event = "ready" | "error" | "end";

interface Emitter {
  on(event: Event, listener: (error?: unknown) => void): Emitter;
  once(event: Event, listener: (error?: unknown) => void): Emitter;
  off(event: Event, listener: (error?: unknown) => void): Emitter;
}

async function makeClient(options: RedisConnectionOptions, timeout: number): Promise<OwnClient> {
  const { name, module } = await importDriver("redis", "@redis/client", "ioredis");
  return name === "ioredis" ? makeIoRedis(module, options, timeout) : makeNodeRedis(module, options, timeout);
}

/** Pause before the next attempt to connect, in ms; many processes must not come back all at once. */
const backoff = (attempts: number): number => Math.min(25 * 2 ** attempts, 1000) * (0.5 + Math.random() / 2);

interface OwnNodeRedis extends NodeRedis, Emitter {
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy?(): void;
  /** What version 4 has in its place. */
  disconnect(): Promise<unknown>;
}

function makeNodeRedis(
  module: Readonly<Record<string, unknown>>,
  { username, password, database, tls, ...place }: RedisConnectionOptions,
  timeout: number,
): OwnClient {
  const { createClient } = module as { readonly createClient: (options: object) => OwnNodeRedis };
  const client = createClient({
    ...defined({ username, password, database }),
    socket: {
      ...defined(place),
      ...(tls === false ? {} : { ...tls, tls: true }),
      connectTimeout: timeout,
      reconnectStrategy: backoff,
    },
    disableOfflineQueue: true,
  });
  return watch(client, {
    connect: () => client.connect(),
    isReady: () => client.isReady,
    destroy: () => (client.destroy === undefined ? void client.disconnect().catch(ignore) : client.destroy()),
  });
}

interface OwnIoRedis extends IoRedis, Emitter {
  readonly status: string;
  connect(): Promise<unknown>;
  disconnect(): void;
}

function makeIoRedis(
  module: Readonly<Record<string, unknown>>,
  { database, tls, ...place }: RedisConnectionOptions,
  timeout: number,
): OwnClient {
  const Client = (module["Redis"] ?? module["default"]) as new (options: object) => OwnIoRedis;
  const client = new Client({
    ...defined({ ...place, db: database }),
    ...(tls === false ? {} : { tls }),
    connectTimeout: timeout,
    retryStrategy: backoff,
    lazyConnect: true,
    enableOfflineQueue: false,
    // What was under way when the connection broke is not sent again, and is told at once.
    maxRetriesPerRequest: 0,
  });
  return watch(client, {
    connect: () => client.connect(),
    isReady: () => client.status === "ready",
    destroy: () => client.disconnect(),
  });
}

interface Life {
  readonly connect: () => Promise<unknown>;
  readonly isReady: () => boolean;
  readonly destroy: () => void;
}

function watch(client: RedisClient & Emitter, { connect, isReady, destroy }: Life): OwnClient {
  // What it says while nobody asks is of no interest; without a listener it would end the process.
  client.on("error", ignore);
  // Its failures come as events, too, and it goes on trying.
  connect().catch(ignore);
  let waiting: Promise<void> | undefined;
  /** One for all who wait, else a thousand requests would be a thousand listeners. */
  const nextEvent = (): Promise<void> => {
    waiting ??= new Promise<void>((resolve, reject) => {
      const settle = (act: () => void): void => {
        waiting = undefined;
        client.off("ready", onReady);
        client.off("error", onError);
        client.off("end", onEnd);
        act();
      };
      const onReady = (): void => settle(resolve);
      const onError = (error: unknown): void => settle(() => reject(error));
      const onEnd = (): void => settle(() => reject(ended()));
      client.on("ready", onReady);
      client.on("error", onError);
      client.on("end", onEnd);
    });
    return waiting;
  };
  return {
    client,
    destroy,
    async untilReady() {
      if (!isReady()) await nextEvent();
    },
  };
}

const ignore = (): void => undefined;

const ended = (): SessionError =>
  generalError(
    "STORE_UNAVAILABLE",
    "the connection was closed; sessions are untouched, and the next call makes another",
  );

const defined = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
