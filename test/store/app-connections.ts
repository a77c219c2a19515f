/** Every driver and query builder by which an app may run a transaction on its own connection. */
import { DatabaseSync } from "node:sqlite";
import { Kysely, CompiledQuery, MysqlDialect, PostgresDialect } from "kysely";
import type { Pool as MariadbPool } from "mariadb";
import { createPool as createCallbackPool } from "mysql2";
import type { Pool as Mysql2Pool } from "mysql2/promise";
import type { TransactionQuery } from "counterfoil";
import type pg from "pg";
import type { Sql } from "postgres";
import type { SqlDriverUnderTest, Pool } from "./sql-drivers.ts";

/** A connection in a transaction. */
export interface InTransaction {
  readonly query: TransactionQuery;
  /** A statement of the app itself. */
  readonly run: (sql: string) => Promise<unknown>;
}

/** Commits what `work` did, or rolls it back if it throws. */
export type Transact = <T>(work: (transaction: InTransaction) => Promise<T>) => Promise<T>;

export interface AppConnection {
  readonly name: string;
  readonly transact: (pool: Pool) => Transact;
}

/** By `begin`, `commit` and `rollback` of one connection. */
const byHand =
  (open: () => Promise<InTransaction & { readonly release: () => unknown }>, begin = "BEGIN"): Transact =>
  async (work) => {
    const { release, ...transaction } = await open();
    try {
      await transaction.run(begin);
      const result = await work(transaction);
      await transaction.run("COMMIT");
      return result;
    } catch (error) {
      await transaction.run("ROLLBACK");
      throw error;
    } finally {
      release();
    }
  };

const fromPg =
  (query: (client: pg.PoolClient) => TransactionQuery) =>
  (pool: Pool): Transact =>
    byHand(async () => {
      const client = await (pool as pg.Pool).connect();
      return { query: query(client), run: (sql) => client.query(sql), release: () => client.release() };
    });

const fromMysql2 =
  (rowsAsArray: boolean) =>
  (pool: Pool): Transact =>
    byHand(async () => {
      const connection = await (pool as Mysql2Pool).getConnection();
      return {
        query: (sql, values) => connection.execute({ sql, rowsAsArray }, values),
        run: (sql) => connection.query(sql),
        release: () => connection.release(),
      };
    });

export const transactOnMysql2: (pool: Pool) => Transact = fromMysql2(false);

const fromMariadb =
  (options: object) =>
  (pool: Pool): Transact =>
    byHand(async () => {
      const connection = await (pool as MariadbPool).getConnection();
      return {
        query: (sql, values) => connection.query({ sql, ...options }, values),
        run: (sql) => connection.query(sql),
        release: () => connection.release(),
      };
    });

const fromKysely =
  (open: (pool: Pool) => Kysely<unknown>) =>
  (pool: Pool): Transact =>
  (work) =>
    open(pool)
      .transaction()
      .execute((transaction) =>
        work({
          query: (sql, values) => transaction.executeQuery(CompiledQuery.raw(sql, values)),
          run: (sql) => transaction.executeQuery(CompiledQuery.raw(sql)),
        }),
      );

const CONNECTIONS: Readonly<Record<SqlDriverUnderTest["name"], readonly AppConnection[]>> = {
  pg: [
    { name: "pg", transact: fromPg((client) => (sql, values) => client.query(sql, values)) },
    {
      name: "pg, rows as arrays",
      transact: fromPg((client) => (text, values) => client.query({ text, values, rowMode: "array" })),
    },
    {
      name: "the shape of Prisma",
      // Rows as a plain array, with BigInt; a bare number of changes.
      transact: fromPg((client) => async (text, values, { returnsRows }) => {
        const types = { getTypeParser: (type: number) => (type === 20 ? BigInt : String) };
        const { rows, rowCount } = await client.query({ text, values, types });
        return returnsRows ? (rows as unknown[]) : rowCount;
      }),
    },
    {
      name: "Kysely on pg",
      transact: fromKysely((pool) => new Kysely({ dialect: new PostgresDialect({ pool: pool as pg.Pool }) })),
    },
  ],
  "postgres.js": [
    {
      name: "postgres.js",
      transact: (pool) => (work) =>
        (pool as unknown as Sql).begin((transaction) =>
          work({
            query: (sql, values) => transaction.unsafe(sql, values),
            run: (sql) => transaction.unsafe(sql),
          }),
        ) as never,
    },
  ],
  mysql2: [
    { name: "mysql2", transact: fromMysql2(false) },
    { name: "mysql2, rows as arrays", transact: fromMysql2(true) },
    {
      name: "Kysely on mysql2",
      // Its dialect takes a pool with callbacks.
      transact: fromKysely(
        (pool) =>
          new Kysely({
            dialect: new MysqlDialect({
              pool: (pool as unknown as { pool: ReturnType<typeof createCallbackPool> }).pool,
            }),
          }),
      ),
    },
  ],
  mariadb: [
    { name: "mariadb", transact: fromMariadb({}) },
    {
      name: "mariadb, numbers as BigInt, columns apart",
      transact: fromMariadb({ metaAsArray: true, bigIntAsNumber: false }),
    },
  ],
};

/** Each way to a connection of a pool of this driver. */
export const appConnections = ({ name }: SqlDriverUnderTest): readonly AppConnection[] => CONNECTIONS[name];

/** A connection of the app to a SQLite file. */
export function transactOnSqlite(path: string, begin = "BEGIN IMMEDIATE"): Transact {
  return byHand(async () => {
    const database = new DatabaseSync(path);
    return {
      query(sql, values, { returnsRows }) {
        const statement = database.prepare(sql);
        return returnsRows ? statement.all(...values) : statement.run(...values);
      },
      run: async (sql) => database.exec(sql),
      release: () => database.close(),
    };
  }, begin);
}
