import { guardNewClients, type PgClient, type PgPool, type PostgresJs, type PostgresPool } from "./postgres-pool.ts";

/** A pool of its own for messages, and how to end it. */
export interface ListenPool {
  readonly pool: PostgresPool;
  readonly end: () => Promise<void>;
}

/** A connection of pg that listens. */
interface ListeningClient extends PgClient {
  on(event: "error" | "end" | "notification", listener: () => void): unknown;
}

/** postgres.js keeps a connection for messages, and listens again after a break. */
interface ListeningPool extends PostgresJs {
  listen(channel: string, heard: () => void, listening: () => void): Promise<{ unlisten(): Promise<unknown> }>;
}

/**
 * Listens to a channel (LISTEN) until the returned function is called. After a break it connects
 * again, and calls `wake`, because messages were lost.
 */
export async function listen(
  { pool, end }: ListenPool,
  channel: string,
  wake: () => void,
): Promise<() => Promise<void>> {
  try {
    const stop =
      "unsafe" in pool
        ? await listenByPostgresJs(pool as ListeningPool, channel, wake)
        : await listenByPg(pool, channel, wake);
    return async () => {
      await stop();
      await end();
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function listenByPostgresJs(
  pool: ListeningPool,
  channel: string,
  wake: () => void,
): Promise<() => Promise<void>> {
  const listening = await pool.listen(channel, wake, wake);
  return async () => void (await listening.unlisten().catch(() => undefined));
}

/** The pauses before a new connection, in ms. */
const SHORTEST = 250;
const LONGEST = 10_000;

async function listenByPg(pool: PgPool, channel: string, wake: () => void): Promise<() => Promise<void>> {
  let current: ListeningClient | undefined;
  let isStopped = false;
  let pause = SHORTEST;
  let timer: NodeJS.Timeout | undefined;

  guardNewClients(pool);

  async function connect(): Promise<void> {
    const client: ListeningClient = await pool.connect();
    let isLost = false;
    const lost = (): void => {
      // It ends also because it is released here.
      if (isLost || isStopped) return;
      isLost = true;
      current = undefined;
      client.release(true);
      again();
    };
    client.on("error", lost);
    client.on("end", lost);
    client.on("notification", wake);
    // A name in quotes, because it may begin with a digit or contain capitals.
    const text = `LISTEN "${channel}"`;
    try {
      await client.query({ text, rowMode: "array", types: { getTypeParser: () => (value) => value } });
    } catch (error) {
      isLost = true;
      client.release(true);
      throw error;
    }
    current = client;
    pause = SHORTEST;
    if (isStopped) stop();
  }

  function again(): void {
    timer = setTimeout(() => {
      connect().then(wake, again);
    }, pause).unref();
    pause = Math.min(2 * pause, LONGEST);
  }

  function stop(): void {
    isStopped = true;
    clearTimeout(timer);
    const client = current;
    current = undefined;
    client?.release(true);
  }

  await connect();
  return async () => stop();
}
