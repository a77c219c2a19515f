/**
 * How the databases carry out the statements that ship, on a table of 20,000 rows: by an index,
 * never by reading all of it.
 */
import { createConnection as createMariadbConnection } from "mariadb";
import { createConnection } from "mysql2/promise";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { buildStatements, listValues, refreshValues, sessionValues } from "../../build/lib/store/sql/sql-statements.js";
import type { SqlStatement, SqlStatements, SqlValue } from "../../src/lib/store/sql/sql-statements.ts";
import type { SqlDialect } from "../../src/lib/store/sql/sql-traits.ts";
import { newRecord, T0 } from "../../src/lib/testing/store/rows.ts";
import type { ConnectionOptions } from "../servers/mariadb.ts";
import { describeSqlServers, makeStore, type SqlKind } from "./sql-drivers.ts";

const ROWS = 20_000;
/** Of one user, whose page must cost no more than that of any other. */
const MANY = 10_000;
const SESSION = { userKey: "u2777", handle: "h7777" };
const { handle, userKey } = SESSION;
const row = newRecord(SESSION);
const write = refreshValues({ ...row, expiresAt: T0 });

const BY_HANDLE = { mariadb: "PRIMARY", postgres: "counterfoil_session_pkey" };
const BY_USER = { mariadb: "counterfoil_session_user", postgres: "counterfoil_session_user" };
const BY_EXPIRY = { mariadb: "counterfoil_session_expiry", postgres: "counterfoil_session_expiry" };
const BY_NAME = { mariadb: "PRIMARY", postgres: "counterfoil_lease_pkey" };
const BY_KID = { mariadb: "PRIMARY", postgres: "counterfoil_key_pkey" };
const REPLACED = { mariadb: "PRIMARY", postgres: "counterfoil_replaced_pkey" };
const REPLACED_EXPIRY = { mariadb: "counterfoil_replaced_expiry", postgres: "counterfoil_replaced_expiry" };
const DEVICE = { mariadb: "PRIMARY", postgres: "counterfoil_device_pkey" };
const DEVICE_EXPIRY = { mariadb: "counterfoil_device_expiry", postgres: "counterfoil_device_expiry" };
const AUDIT_TIME = { mariadb: "PRIMARY", postgres: "counterfoil_audit_pkey" };
const AUDIT = { mariadb: "counterfoil_audit_user", postgres: "counterfoil_audit_user" };

interface Expected {
  readonly values: readonly SqlValue[];
  readonly index: Readonly<Record<"mariadb" | "postgres", string>>;
}

/** Undefined: it reads nothing, or a table of a dozen rows on purpose. */
const EXPECTED: Readonly<Record<keyof SqlStatements, Expected | undefined>> = {
  insert: undefined,
  insertKey: undefined,
  listKeys: undefined,
  rememberReplaced: undefined,
  rememberOnce: undefined,
  insertDevice: undefined,
  readClock: undefined,
  find: { values: [handle], index: BY_HANDLE },
  commitRefresh: { values: [...write, handle, 1], index: BY_HANDLE },
  replaceClaims: { values: ["{}", handle, 1], index: BY_HANDLE },
  replaceSignIn: { values: [T0, '["otp"]', handle, 1], index: BY_HANDLE },
  replaceLabel: { values: ["Phone", handle, 1], index: BY_HANDLE },
  replaceData: { values: ["{}", handle, 1], index: BY_HANDLE },
  delete: { values: [handle], index: BY_HANDLE },
  deleteAtVersion: { values: [handle, 1], index: BY_HANDLE },
  deleteOfUser: { values: [userKey, ""], index: BY_USER },
  lockHandlesOfUser: { values: [userKey, ""], index: BY_USER },
  surplusOfUser: { values: [userKey, T0, handle], index: BY_USER },
  oldestOfUser: { values: [userKey, T0, handle], index: BY_USER },
  // Said to PostgreSQL only; see below.
  signIn: undefined,
  auditOfUser: { values: ["id", "event", "{}", userKey, ""], index: BY_USER },
  journal: undefined,
  changes: undefined,
  deleteHandles: { values: Array<string>(100).fill(handle), index: BY_HANDLE },
  lockHandles: { values: Array<string>(100).fill(handle), index: BY_HANDLE },
  listOfUser: { values: listValues(userKey, T0, { createdAt: T0 + 9000, handle }), index: BY_USER },
  deleteExpired: { values: [T0 - 1_000_000, T0], index: BY_EXPIRY },
  lastToSweep: { values: [T0 - 1_000_000, T0], index: BY_EXPIRY },
  wasReplaced: { values: [handle, T0], index: REPLACED },
  forgetReplaced: { values: [T0], index: REPLACED_EXPIRY },
  touchDevice: { values: [T0, T0, T0, userKey, "device", T0], index: DEVICE },
  listDevices: { values: [userKey], index: DEVICE },
  removeDevices: { values: [userKey, T0 - 1_000_000], index: DEVICE },
  forgetDevices: { values: [userKey], index: DEVICE },
  sweepDevices: { values: [T0 - 1_000_000], index: DEVICE_EXPIRY },
  forgetAudit: { values: [userKey], index: AUDIT },
  deleteOldAudit: { values: [1000], index: AUDIT_TIME },
  takeLease: { values: ["me", T0, "sweep", "me", T0], index: BY_NAME },
  lockRow: { values: ["place-7"], index: BY_NAME },
  rewrapKey: { values: ["new", "kid", "old"], index: BY_KID },
  deleteKey: { values: ["kid"], index: BY_KID },
};

function* shipped(dialect: SqlDialect): Generator<Expected & { readonly name: string; readonly text: string }> {
  const statements = buildStatements(dialect, "counterfoil_");
  for (const [name, statement] of Object.entries(statements)) {
    const expected = EXPECTED[name as keyof SqlStatements];
    if (expected === undefined) continue;
    const { text } = typeof statement === "function" ? statement(100, 100) : statement;
    yield { name, text, ...expected };
  }
  const { readAudit, readAuditOfUser } = statements.journal;
  const behind = [0, T0 + 9000, T0 + 9000, "a"];
  yield { ...readAudit(100), values: behind, index: AUDIT_TIME };
  yield { ...readAuditOfUser(100), values: [userKey, ...behind], index: AUDIT };
}

/** Statements about the user with many sessions, and how many rows each may read. */
function ofManySessions(
  dialect: SqlDialect,
): readonly (SqlStatement & { readonly values: readonly SqlValue[]; readonly most: number })[] {
  const all = buildStatements(dialect, "counterfoil_");
  const { listOfUser, deleteOfUser } = all;
  const signIn = (replaces: boolean): SqlStatement =>
    all.signIn({
      replaces,
      limit: { max: 100, atOnce: 100, onLimit: "trim" },
      replaced: ["ended"],
      ended: ["ended"],
      begun: [],
    });
  const rivals = ["many", T0, ""];
  const fresh = sessionValues(newRecord({ userKey: "many" }));
  // The newest are counted, as many as may be and may go; then the oldest are found, and removed.
  const trims = [
    { ...signIn(false), values: [...fresh, ...rivals, ...rivals, "id1", 1000, "id2", 1000], most: 200 },
    { ...signIn(true), values: [...fresh, "many1", ...rivals, ...rivals, "id1", 1000, "id2", 1000], most: 200 },
  ];
  const after = { createdAt: T0 + 2500, handle: "many2500" };
  return [
    { ...listOfUser(101), values: listValues("many", T0), most: 110 },
    // A session of the same time may come before.
    { ...listOfUser(101), name: "list_behind", values: listValues("many", T0, after), most: 110 },
    // Each row is found, and then removed.
    { ...deleteOfUser(200), values: ["many", "many1"], most: 420 },
    { ...all.surplusOfUser(100, 100), values: rivals, most: 210 },
    { ...all.oldestOfUser(100), values: rivals, most: 110 },
    ...(dialect === "postgres" ? trims : []),
  ];
}

/** Statements that fill a table. Four sessions for each user; a tenth of all has expired. */
function fillings(kind: SqlKind): string[] {
  const [n, source] = kind === "mariadb" ? ["seq", `seq_1_to_${ROWS}`] : ["seq", `generate_series(1, ${ROWS}) AS seq`];
  const text = (prefix: string, number: string): string =>
    kind === "mariadb" ? `CONCAT('${prefix}', ${number})` : `'${prefix}' || ${number}`;
  const expiry = `${T0} - ${ROWS * 100} + ${n} * 1000`;
  return [
    `INSERT INTO counterfoil_session (handle, user_key, version, generation, current_hash, claims, claims_version, data, device,
       created_at, auth_time, last_seen_at, expires_at, absolute_expires_at)
       SELECT ${text("h", n)}, ${text("u", `(${n} % ${ROWS / 4})`)}, 1, 1, 'hash', '{}', 1, '{}', '{}',
         ${T0} + ${n}, ${T0}, ${T0}, ${expiry}, ${T0} + 1000000000 FROM ${source}`,
    `INSERT INTO counterfoil_audit (logged_at, id, event, user_key, facts)
       SELECT ${T0} + ${n}, ${text("a", n)}, 'session-revoked', ${text("u", `(${n} % ${ROWS / 4})`)}, '{}' FROM ${source}`,
    `INSERT INTO counterfoil_device (user_key, device, first_seen_at, last_seen_at, expires_at)
       SELECT ${text("u", `(${n} % ${ROWS / 4})`)}, ${text("d", n)}, ${T0}, ${T0}, ${expiry} FROM ${source}`,
    `INSERT INTO counterfoil_replaced (handle, expires_at) SELECT ${text("h", n)}, ${expiry} FROM ${source}`,
    `INSERT INTO counterfoil_session (handle, user_key, version, generation, current_hash, claims, claims_version, data, device,
       created_at, auth_time, last_seen_at, expires_at, absolute_expires_at)
       SELECT ${text("many", n)}, 'many', 1, 1, 'hash', '{}', 1, '{}', '{}',
         ${T0} + ${n} % 5000, ${T0}, ${T0}, ${T0} + 1000000000, ${T0} + 1000000000 FROM ${source}
         WHERE ${n} <= ${MANY}`,
    // Neither is ever so large; in small tables PostgreSQL rightly leaves an index alone.
    `INSERT INTO counterfoil_key (kid, sequence, algorithm, wrapped_seed, created_at, activates_at)
       SELECT ${text("k", n)}, ${n}, 'HS256', 'seed', 1, 1 FROM ${source}`,
    `INSERT INTO counterfoil_lease (name, owner, expires_at, turn) SELECT ${text("n", n)}, '', 0, 0 FROM ${source}`,
  ];
}

const asBytes = (value: SqlValue): Buffer | number | null => (typeof value === "string" ? Buffer.from(value) : value);

/** The steps of a plan of MariaDB, with parameters in the form in which the driver sends them. */
const STEPS_BY: Readonly<Record<string, (place: ConnectionOptions) => Promise<Ask>>> = {
  async mysql2(place) {
    const connection = await createConnection(place);
    onTestFinished(() => connection.destroy());
    return async (text, values) => (await connection.execute(text, values.map(asBytes)))[0];
  },
  async mariadb(place) {
    const connection = await createMariadbConnection(place);
    onTestFinished(() => connection.destroy());
    return (text, values) => connection.execute(text, values.map(asBytes));
  },
};
type Ask = (text: string, values: readonly SqlValue[]) => Promise<unknown>;

/** Every scan in a plan of PostgreSQL. */
function* scansOf(node: unknown): Generator<Record<string, unknown>> {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node) && String(Reflect.get(node, "Node Type")).endsWith("Scan")) yield node as never;
  for (const child of Object.values(node)) yield* scansOf(child);
}

const literal = (value: SqlValue): string => (typeof value === "string" ? `'${value}'` : String(value));

describeSqlServers((kind, _, server) => {
  async function makeTables(): Promise<ConnectionOptions> {
    const database = await server().createDatabase();
    const place = server().connectionOptions(database);
    const store = makeStore(kind, place);
    await store.prepare();
    await store.close();
    return place;
  }

  if (kind === "mariadb") {
    test("MariaDB, by each driver, in the words for MariaDB and for MySQL", async () => {
      const place = await makeTables();
      const connection = await createConnection(place);
      for (const sql of fillings(kind)) await connection.query(sql);
      await connection.query(
        "ANALYZE TABLE counterfoil_session, counterfoil_replaced, counterfoil_key, counterfoil_lease",
      );
      for (const dialect of ["mariadb", "mysql"] as const) {
        for (const { name, text, values, most } of ofManySessions(dialect)) {
          await connection.query("FLUSH STATUS");
          await connection.query("BEGIN");
          await connection.execute(text, values.map(asBytes));
          const [rows] = await connection.query("SHOW SESSION STATUS LIKE 'Handler_read%'");
          await connection.query("ROLLBACK");
          const read = (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
          expect(read, `${dialect}, ${name}`).toBeLessThanOrEqual(most);
        }
      }
      connection.destroy();
      for (const [driver, connect] of Object.entries(STEPS_BY)) {
        const ask = await connect(place);
        for (const dialect of ["mariadb", "mysql"] as const) {
          for (const { name, text, values, index } of shipped(dialect)) {
            const steps = (await ask(`EXPLAIN ${text}`, values)) as Record<string, unknown>[];
            const about = `${driver}, ${dialect}, ${name}`;
            // A step without a table is the row of a replica.
            expect(
              steps.flatMap(({ table, key }) => (typeof table === "string" && !table.startsWith("<") ? [key] : [])),
              about,
            ).toEqual([index.mariadb]);
            expect(
              steps.map(({ type }) => String(type)),
              about,
            ).not.toContain("ALL");
            expect(
              steps.map(({ type }) => String(type)),
              about,
            ).not.toContain("index");
          }
        }
      }
    });
  } else {
    test.each(["custom", "generic"])("PostgreSQL, with a %s plan", async (mode) => {
      const client = new pg.Client(await makeTables());
      await client.connect();
      onTestFinished(() => client.end());
      for (const sql of fillings(kind)) await client.query(sql);
      await client.query("ANALYZE");
      await client.query(`SET plan_cache_mode = force_${mode}_plan`);
      for (const { name, text, values, index } of shipped("postgres")) {
        await client.query(`PREPARE ${name} AS ${text}`);
        const given = values.length === 0 ? "" : `(${values.map(literal).join()})`;
        const { rows } = await client.query<object>(`EXPLAIN (FORMAT JSON) EXECUTE ${name}${given}`);
        const scans = [...scansOf(rows)];
        expect(
          scans.map((scan) => scan["Node Type"]),
          name,
        ).not.toContain("Seq Scan");
        expect(
          scans.map((scan) => scan["Index Name"]),
          name,
        ).toContain(index.postgres);
      }
      for (const { name, text, values, most } of ofManySessions("postgres")) {
        await client.query("BEGIN");
        await client.query(`PREPARE many_${name} AS ${text}`);
        const explain = `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE many_${name}(${values.map(literal).join()})`;
        const { rows } = await client.query<object>(explain);
        await client.query("ROLLBACK");
        const read = [...scansOf(rows)].map((scan) => Number(scan["Actual Rows"]) * Number(scan["Actual Loops"]));
        expect(Math.max(...read), `${name}: ${JSON.stringify(rows, null, 1)}`).toBeLessThanOrEqual(most);
      }
    });
  }
});
