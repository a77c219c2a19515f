/**
 * What `counterfoil doctor` asks a store of this library. Nothing of it makes or changes a table, a
 * session or a key.
 */
export type StoreAccess = MemoryAccess | SqliteAccess | SqlAccess | RedisAccess;

export interface MemoryAccess {
  readonly kind: "memory";
  /** Whether the app has said that it wants this in production. */
  readonly isMeant: boolean;
}

export interface SqliteAccess {
  readonly kind: "sqlite";
  /** The absolute path of the file; undefined if the app gave a connection or there is no file. */
  readonly path: string | undefined;
  readonly prefix: string;
}

export interface SqlAccess {
  readonly kind: "sql";
  readonly prefix: string;
  /** Whether the app makes missing tables at its start. */
  readonly migrate: boolean;
  /** @throws SessionError `STORE_UNSUITABLE`, or an error of the database */
  readonly inspect: () => Promise<"postgres" | "mysql" | "mariadb" | "galera" | "sqlite" | "d1">;
  /** @throws SessionError `SCHEMA_MISSING`, `SCHEMA_TOO_NEW`, or an error of the database */
  readonly checkSchema: (family: "postgres" | "mysql") => Promise<void>;
  /** Runs a statement without placeholders. */
  readonly ask: (text: string) => Promise<readonly (readonly unknown[])[]>;
}

export interface RedisAccess {
  readonly kind: "redis";
  /**
   * One object per node that was asked. Tries the commands of the store on keys that it removes.
   *
   * @throws SessionError `STORE_UNSUITABLE`, or an error of the server
   */
  readonly inspect: () => Promise<readonly { readonly maxMemory: number; readonly policy: string }[]>;
}

/** A property that only the stores of this package have. A plain one loads no code with a store. */
export interface Lending {
  readonly access: StoreAccess;
}
