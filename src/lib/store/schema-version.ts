import { generalError } from "../errors.ts";

/** What a database says of the tables or keys in it. */
export interface SchemaVersion {
  /** 0: there is none. */
  readonly version: number;
  /** The oldest version that code may know to use it. */
  readonly oldest: number;
}

/** @param row version and, where it is noted, oldest; undefined: nothing is there */
export function toSchemaVersion(row: readonly unknown[] | undefined): SchemaVersion {
  const [version = 0, oldest] = row ?? [];
  return { version: Number(version), oldest: Number(oldest ?? version) };
}

/**
 * Whether a schema has all that this code needs, as one of a newer version has that says so. Code
 * of the version before then starts beside it, and a deployment may roll.
 *
 * @param known the newest version that this code knows
 * @throws SessionError `SCHEMA_TOO_NEW`
 */
export function isUsable({ version, oldest }: SchemaVersion, known: number): boolean {
  if (version > known && oldest > known)
    throw generalError(
      "SCHEMA_TOO_NEW",
      `the database has schema version ${version}, for which code must know version ${oldest}, and this version of counterfoil knows ${known}; update the package`,
    );
  return version >= known;
}
