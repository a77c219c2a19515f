import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildStatements, sessionValues } from "../../src/lib/store/sql/sql-statements.ts";
import { createServerFolder } from "../../test/servers/server-folder.ts";
import { generateRows, type Rows } from "./rows.ts";

const ROWS_PER_FILE = 100_000;

/** The columns of a file, in order: `handle, user_key, ...`. */
export const COLUMNS: string = /\((.*?)\)/.exec(buildStatements("sqlite", "").insert.text)?.[1] ?? "";

/**
 * Hands all rows to a server of this machine, in files as both `LOAD DATA` of MariaDB and `COPY` of
 * PostgreSQL read them: a line for each row, tabs between columns, `\N` for null. Nothing in a row
 * needs escaping.
 */
export async function loadThroughFiles(rows: Rows, load: (path: string) => Promise<unknown>): Promise<void> {
  const folder = createServerFolder("growth");
  // The server may be another user.
  chmodSync(folder.path, 0o755);
  const path = join(folder.path, "rows");
  const flush = async (lines: readonly string[]): Promise<void> => {
    writeFileSync(path, lines.join(""));
    await load(path);
  };
  try {
    let lines: string[] = [];
    for (const row of generateRows(rows)) {
      const values = sessionValues(row).map((value) => value ?? String.raw`\N`);
      lines.push(`${values.join("\t")}\n`);
      if (lines.length < ROWS_PER_FILE) continue;
      await flush(lines);
      lines = [];
    }
    if (lines.length > 0) await flush(lines);
  } finally {
    await folder.remove();
  }
}
