import { errorCode } from "../network-errors.ts";
import { generalError, type SessionError } from "../../errors.ts";
import { withDeadline } from "../../with-deadline.ts";
import { importDriver } from "../app-driver.ts";
import type { IoRedis, NodeRedis, RedisClient, RedisSource } from "./redis-driver.ts";
import type { RedisConnectionOptions } from "./redis-options.ts";

/**
 * Makes a client with the installed driver. It connects on demand, also after its connection broke;
 * a call gets the result of that attempt, and nothing is queued.
 *
 * @param timeout how long an attempt to connect may take, in ms
 */
export function ownRedisClient(options: RedisConnectionOptions, timeout: number): RedisSource {
  let made: { readonly connection: Promise<Connection>; readonly at: number } | undefined;

  function connect(): Promise<Connection> {
    if (made === undefined) {
      const own = { connection: makeConnection(options, timeout), at: performance.now() };
      made = own;
      own.connection.catch(() => {
        if (made === own) made = undefined;
      });
    }
    return made.connection;
  }

  async function end(): Promise<void> {
    const last = made;
    made = undefined;
    const connection = await last?.connection.catch(() => undefined);
    connection?.end();
  }

  return {
    async get() {
      const tried = connect();
      const { client, isReady } = await tried;
      if (isReady()) return client;
      // Another call may have replaced it meanwhile.
      if (made?.connection === tried) await end();
      return (await connect()).client;
    },
    async abandon(since) {
      if (made !== undefined && made.at <= since) await end();
    },
    end,
  };
}

interface Connection {
  readonly client: RedisClient;
  readonly isReady: () => boolean;
  /** Safe in any state. */
  readonly end: () => void;
}

async function makeConnection(options: RedisConnectionOptions, timeout: number): Promise<Connection> {
  const { name, module } = await importDriver("redis", "@redis/client", "ioredis");
  const connect = name === "ioredis" ? byIoRedis : byNodeRedis;
  try {
    return await connect(module, options, timeout);
  } catch (error) {
    throw (options.tls === false ? explainCut(error) : undefined) ?? error;
  }
}

/** A port that expects TLS never responds to a client without it. */
function explainCut(error: unknown): SessionError | undefined {
  const message = error instanceof Error ? error.message : "";
  if (errorCode(error) !== "ECONNRESET" && !/^(Connection is|Socket) closed/.test(message)) return undefined;
  const fact = "the server cut the connection before it answered; if its port expects TLS, write rediss:, or tls: true";
  return generalError("STORE_UNAVAILABLE", `${fact}; sessions are untouched`, error);
}

interface Connectable {
  connect(): Promise<unknown>;
  on(event: "error", listener: (error: unknown) => void): unknown;
}

type Module = Readonly<Record<string, unknown>>;

interface OwnNodeRedis extends NodeRedis, Connectable {
  readonly isReady: boolean;
  destroy?(): void;
  /** The method of version 4. */
  disconnect(): Promise<unknown>;
}

function byNodeRedis(
  module: Module,
  { username, password, database, tls, ...target }: RedisConnectionOptions,
  timeout: number,
): Promise<Connection> {
  const { createClient } = module as { readonly createClient: (options: object) => OwnNodeRedis };
  const client = createClient({
    ...defined({ username, password, database }),
    socket: {
      ...defined(target),
      ...(tls === false ? {} : { ...tls, tls: true }),
      connectTimeout: timeout,
      reconnectStrategy: false,
    },
    disableOfflineQueue: true,
  });
  const end = async (): Promise<void> => {
    if (client.destroy === undefined) await client.disconnect();
    else client.destroy();
  };
  // node-redis throws if it is closed twice.
  return opened(client, { client, isReady: () => client.isReady, end: () => void end().catch(ignore) }, timeout);
}

interface OwnIoRedis extends IoRedis, Connectable {
  readonly status: string;
  disconnect(): void;
}

function byIoRedis(
  module: Module,
  { database, tls, ...target }: RedisConnectionOptions,
  timeout: number,
): Promise<Connection> {
  const Client = (module["Redis"] ?? module["default"]) as new (options: object) => OwnIoRedis;
  const client = new Client({
    ...defined({ ...target, db: database }),
    ...(tls === false ? {} : { tls }),
    connectTimeout: timeout,
    retryStrategy: null,
    lazyConnect: true,
    enableOfflineQueue: false,
    // Otherwise ioredis writes to the console if it may not read INFO.
    enableReadyCheck: false,
  });
  return opened(client, { client, isReady: () => client.status === "ready", end: () => client.disconnect() }, timeout);
}

async function opened(client: Connectable, connection: Connection, timeout: number): Promise<Connection> {
  let fault: unknown;
  // Running operations report later errors. Without a listener such an event would end the process.
  client.on("error", (error) => {
    fault ??= error;
  });
  try {
    // A driver limits the time of the network, but not of the server's first response.
    await withDeadline(client.connect(), performance.now() + timeout, connectTimedOut);
  } catch (error) {
    // The promise of ioredis says only that there is no connection; the event says why.
    fault ??= error;
  }
  if (fault === undefined) return connection;
  // Even after a successful connect: ioredis continues with another database if the configured
  // number does not exist.
  connection.end();
  throw fault;
}

const connectTimedOut = (): Error => Object.assign(new Error("the server does not answer"), { code: "ETIMEDOUT" });

const ignore = (): void => undefined;

const defined = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
