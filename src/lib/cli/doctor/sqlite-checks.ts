import { existsSync } from "node:fs";
import { newestOf, readMigrations } from "../../store/migrations.ts";
import type { SqliteAccess } from "../../store/store-access.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

/** Opens the file for reading only. */
export async function checkSqlite({ path, prefix }: Pick<SqliteAccess, "path" | "prefix">): Promise<{
  readonly findings: readonly Finding[];
  readonly isUsable: boolean;
}> {
  const only = (finding: Finding, isUsable = false): ReturnType<typeof checkSqlite> =>
    Promise.resolve({ findings: [finding], isUsable });
  if (path === undefined)
    return only(unknown("schema", "The app has opened the SQLite file itself, so it is not looked at."));
  if (!existsSync(path)) return only(unknown("schema", `There is no file ${path} yet; the first start makes it.`));
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const [row] = database.prepare(`SELECT max(version) AS version FROM ${prefix}migration`).all();
    const [version, newest] = [Number(row?.["version"]), newestOf(readMigrations("sqlite"))];
    if (version < newest)
      return await only(
        unknown("schema", `The tables have version ${version}; the next start brings them to ${newest}.`),
      );
    return await only(ok("schema", `The tables have version ${version}.`), true);
  } catch (error) {
    if (/no such table/.test(String(error)))
      return await only(unknown("schema", `${path} has no tables of this prefix yet; the first start makes them.`));
    return await only(wrong("schema", `${path} cannot be read. Look whether it is a SQLite file, and whose it is.`));
  } finally {
    database.close();
  }
}
