import { readdirSync, readFileSync } from "node:fs";

/** One step of a schema, from an immutable file `migrations/<dialect>/NNNN_name.sql`. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** All steps of a dialect, in order. */
export function readMigrations(dialect: "sqlite"): readonly Migration[] {
  // The same three steps up from src/lib/store and from dist/lib/store.
  const folder = new URL(`../../../migrations/${dialect}/`, import.meta.url);
  return readdirSync(folder)
    .filter((file) => /^\d{4}_.+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 4)), sql: readFileSync(new URL(file, folder), "utf8") }));
}
