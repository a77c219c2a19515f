import { startMariaDb } from "../../test/servers/mariadb.ts";
import type { MysqlAddress } from "./mysql-address.ts";

/** A database for the original, on a server of its own. */
export async function withOriginalDatabase<T>(use: (mysql: MysqlAddress) => Promise<T>): Promise<T> {
  const server = await startMariaDb();
  try {
    return await use(toMysqlAddress(server.connectionOptions(await server.createDatabase())));
  } finally {
    await server.remove();
  }
}

/** Without what the helpers of the tests add. */
export const toMysqlAddress = ({ host, port, user, password, database }: MysqlAddress): MysqlAddress => ({
  host,
  port,
  user,
  password,
  database,
});
