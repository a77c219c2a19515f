import { RedisStore } from "connect-redis";
import { createClient } from "redis";
import type { ServerOrder } from "./contenders.ts";
import { createExpressSession } from "./express-session.ts";
import type { ExpressSessions } from "./express.ts";

export async function createWithRedis({ backends }: ServerOrder): Promise<ExpressSessions> {
  const client = createClient({ url: backends.redisUrl });
  await client.connect();
  return createExpressSession(new RedisStore({ client }));
}
