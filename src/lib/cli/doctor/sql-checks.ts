import { isErrorFromAuth, type SessionError } from "../../errors.ts";
import type { SqlAccess } from "../../store/store-access.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

/**
 * What the store does with each table while any app runs. What the log of revocations and the audit
 * table need besides is asked for elsewhere.
 */
const RIGHTS: readonly (readonly [string, readonly string[]])[] = [
  ["session", ["SELECT", "INSERT", "UPDATE", "DELETE"]],
  ["key", ["SELECT", "INSERT", "UPDATE", "DELETE"]],
  ["replaced", ["SELECT", "INSERT", "UPDATE", "DELETE"]],
  ["lease", ["SELECT", "UPDATE"]],
  ["device", ["SELECT", "DELETE"]],
  ["revocation", ["SELECT"]],
  ["audit", ["SELECT"]],
  ["migration", ["SELECT"]],
];

export async function checkSql(
  access: SqlAccess,
): Promise<{ readonly findings: readonly Finding[]; readonly isUsable: boolean }> {
  const dialect = await access.inspect();
  const family = dialect === "postgres" ? "postgres" : "mysql";
  const findings: Finding[] = [ok("server", "The server is a primary, and can keep sessions.")];
  const fault = await faultOfSchema(access, family);
  if (fault?.code === "SCHEMA_MISSING" && access.migrate) {
    const text =
      "The tables are not there, or older than this package: the next start of the app makes them, if its user may.";
    return { findings: [...findings, unknown("schema", text)], isUsable: false };
  }
  if (fault?.code.startsWith("SCHEMA_") === true) {
    const write = `npx counterfoil migrate --print ${family} --prefix ${access.prefix}`;
    const isCured = fault.code === "SCHEMA_MISSING";
    return {
      findings: [...findings, wrong("schema", `${fault.detail}.`, isCured ? write : undefined)],
      isUsable: false,
    };
  }
  if (fault === undefined) findings.push(ok("schema", "The tables are those of this package."));
  const missing = await (family === "postgres" ? missingOnPostgres(access) : missingOnMysql(access));
  for (const { table, rights } of missing) {
    const list = rights.join(", ");
    findings.push(
      wrong(
        "rights",
        `The database user has no right ${list} on ${table}.`,
        `GRANT ${list} ON ${table} TO ${await userOf(access, family)};`,
      ),
    );
  }
  if (missing.length === 0 && fault !== undefined) throw fault;
  if (missing.length === 0) findings.push(ok("rights", "The database user has the rights that it needs."));
  return { findings, isUsable: missing.length === 0 };
}

/** @returns the reason; without a right it is not known what is in the tables */
async function faultOfSchema(access: SqlAccess, family: "postgres" | "mysql"): Promise<SessionError | undefined> {
  try {
    await access.checkSchema(family);
    return undefined;
  } catch (error) {
    if (isErrorFromAuth(error) && /^(?:SCHEMA_|STORE_UNSUITABLE)/.test(error.code)) return error;
    throw error;
  }
}

interface Missing {
  readonly table: string;
  readonly rights: readonly string[];
}

async function missingOnPostgres({ prefix, ask }: SqlAccess): Promise<readonly Missing[]> {
  const missing: Missing[] = [];
  for (const [name, rights] of RIGHTS) {
    const table = prefix + name;
    const tests = rights.map((right) => `has_table_privilege('${table}', '${right}')::int`);
    const [row = []] = await ask(`SELECT ${tests.join(", ")}`);
    const lacked = rights.filter((_, index) => Number(row[index]) !== 1);
    if (lacked.length > 0) missing.push({ table, rights: lacked });
  }
  return missing;
}

/** Statements that find no row. The server looks at the rights first. */
async function missingOnMysql({ prefix, ask }: SqlAccess): Promise<readonly Missing[]> {
  const missing: Missing[] = [];
  for (const [name, rights] of RIGHTS) {
    const table = prefix + name;
    const probes: Readonly<Record<string, string>> = {
      SELECT: `SELECT 1 FROM ${table} WHERE 1 = 0`,
      INSERT: `INSERT INTO ${table} SELECT * FROM ${table} WHERE 1 = 0`,
      UPDATE: `UPDATE ${table} SET ${COLUMNS[name]} = ${COLUMNS[name]} WHERE 1 = 0`,
      DELETE: `DELETE FROM ${table} WHERE 1 = 0`,
    };
    const lacked: string[] = [];
    for (const right of rights) if (!(await isAllowed(() => ask(probes[right] ?? "")))) lacked.push(right);
    if (lacked.length > 0) missing.push({ table, rights: lacked });
  }
  return missing;
}

/** A column of each table. */
const COLUMNS: Readonly<Record<string, string>> = {
  session: "version",
  key: "wrapped_seed",
  replaced: "expires_at",
  lease: "expires_at",
  device: "expires_at",
  revocation: "expires_at",
  audit: "facts",
  migration: "version",
};

async function isAllowed(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isErrorFromAuth(error) && error.code === "STORE_UNSUITABLE") return false;
    throw error;
  }
}

async function userOf({ ask }: SqlAccess, family: "postgres" | "mysql"): Promise<string> {
  const [[name] = []] = await ask(family === "postgres" ? "SELECT quote_ident(current_user)" : "SELECT CURRENT_USER()");
  return family === "postgres" ? String(name) : `'${String(name).replace("@", "'@'")}'`;
}
