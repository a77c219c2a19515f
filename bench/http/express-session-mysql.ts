import createMySQLStore from "express-mysql-session";
import session from "express-session";
import type { ServerOrder } from "./contenders.ts";
import { createExpressSession } from "./express-session.ts";
import type { ExpressSessions } from "./express.ts";

export async function createWithMysql({ backends }: ServerOrder): Promise<ExpressSessions> {
  const MySQLStore = createMySQLStore(session);
  const store = new MySQLStore({ ...backends.mysql });
  await store.onReady();
  return createExpressSession(store);
}
