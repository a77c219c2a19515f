import type { D1DatabaseBinding, D1Result, D1Statement } from "counterfoil/d1";

type Value = string | number | null;

/** The used part of the storage of a Durable Object with SQLite (`ctx.storage`). */
export interface DurableStorage {
  readonly sql: {
    exec(
      text: string,
      ...values: Value[]
    ): { readonly columnNames: readonly string[]; readonly rowsWritten: number; toArray(): object[] };
  };
  transactionSync<Result>(work: () => Result): Result;
}

interface Bound extends D1Statement {
  readonly run: () => D1Result;
}

/** The SQLite database of a Durable Object, in the shape of a D1 database. */
export function databaseOf(storage: DurableStorage): D1DatabaseBinding {
  function statement(text: string, values: readonly Value[]): Bound {
    const run = (): D1Result => {
      const results = storage.sql.exec(text, ...values).toArray();
      // `rowsWritten` counts those of indexes, too.
      const [{ changes } = { changes: 0 }] = storage.sql.exec("SELECT changes() AS changes").toArray() as {
        readonly changes: number;
      }[];
      return { results, meta: { changes } };
    };
    return { bind: (...given) => statement(text, given), all: async () => run(), run };
  }
  return {
    prepare: (text) => statement(text, []),
    // All or nothing: an error undoes what the others have done.
    batch: async (statements) =>
      storage.transactionSync(() => (statements as readonly Bound[]).map((bound) => bound.run())),
  };
}
