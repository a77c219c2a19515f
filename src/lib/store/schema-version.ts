import { generalError } from "../errors.ts";

/** The version of the tables or keys in a database. */
export interface SchemaVersion {
  /** 0 if there are none. */
  readonly version: number;
  /** The oldest version of the code that can use it. */
  readonly oldest: number;
}

/** @param row version and, if stored, oldest; undefined if there is no schema */
export function toSchemaVersion(row: readonly unknown[] | undefined): SchemaVersion {
  const [version = 0, oldest] = row ?? [];
  return { version: Number(version), oldest: Number(oldest ?? version) };
}

/**
 * Whether this code can use a schema, also a newer one that allows it. Earlier code then starts
 * beside newer code, so deployments can roll.
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
