import type { GrowthDatabase } from "../growth/database.ts";
import type { Durability, StoreName } from "../growth/options.ts";
import { rowsOf } from "../growth/rows.ts";
import { startDatabase } from "../growth/start-database.ts";
import type { StoreAddress } from "../growth/store.ts";
import type { MysqlAddress } from "../servers/mysql-address.ts";
import { named } from "../versions.ts";
import type { WriteOrder } from "./worker.ts";

export interface WriteContender {
  readonly id: StoreName | "original";
  readonly name: string;
  readonly order: WriteOrder;
}

/** Sessions of others that stand in each table. */
const ROWS = 10_000;

export interface Started {
  readonly contenders: readonly WriteContender[];
  readonly settings: readonly string[];
  remove(): Promise<void>;
}

/** Each store with its server, and the original on the server of MariaDB. */
export async function startContenders(stores: readonly StoreName[], durability: Durability): Promise<Started> {
  const databases: GrowthDatabase[] = [];
  const contenders: WriteContender[] = [];
  const remove = async (): Promise<void> => void (await Promise.all(databases.map((database) => database.remove())));
  try {
    for (const store of stores) {
      const database = await startDatabase(store, ROWS, durability);
      databases.push(database);
      const { address } = await database.fill(rowsOf(ROWS, Date.now()));
      await database.settle();
      if (address.kind === "mysql") contenders.push(createOriginal(address));
      contenders.push({ id: store, name: `Counterfoil, ${database.name}`, order: { library: "counterfoil", address } });
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return { contenders, settings: databases.map(({ name, settings }) => `${name}: ${settings}`), remove };
}

const createOriginal = (address: StoreAddress & { readonly kind: "mysql" | "postgres" | "redis" }): WriteContender => ({
  id: "original",
  name: `${named("supertokens-node-mysql-ref-jwt")}, the same MariaDB`,
  order: { library: "original", mysql: toMysqlAddress(new URL(address.url)) },
});

const toMysqlAddress = ({ hostname, port, username, password, pathname }: URL): MysqlAddress => ({
  host: hostname,
  port: Number(port),
  user: username,
  password: decodeURIComponent(password),
  database: pathname.slice(1),
});
