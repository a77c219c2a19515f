/**
 * The fields of a driver's error that are safe to report. Databases repeat rows in `detail`,
 * drivers repeat statements and parameters, and `util.inspect` shows all fields, so the rest is
 * removed.
 */
const FIELDS = [
  "code",
  "errno",
  "sqlState",
  "severity",
  "routine",
  "schema",
  "schema_name",
  "table",
  "table_name",
  "column",
  "column_name",
  "constraint",
  "constraint_name",
  "syscall",
  "hostname",
  "address",
  "port",
  "errcode",
  "errstr",
  "fatal",
] as const;

const KEPT: ReadonlySet<string | symbol> = new Set(["name", "message", "stack", "cause", "errors", ...FIELDS]);

/**
 * Values that messages quote, and the text after them: of a row that exists or is malformed, of the
 * statement (mariadb), of a command unknown to the server (Redis).
 */
const QUOTED =
  /(?:\b(?:entry|value|values|for type [\w ]+|near):? ['"(]|, with args beginning with|\n?\bsql: |\bparameters:).*$/is;

/**
 * Removes claims, data, hashes and parameters from an error.
 * @returns the same error if it has none of these
 */
export function withoutData(error: unknown): unknown {
  if (!(error instanceof Error)) return isHarmless(error) ? error : new Error(`a value of type ${typeof error}`);
  const message = error.message.replace(QUOTED, " […]");
  const cause = withoutData(error.cause);
  const errors: unknown = Reflect.get(error, "errors");
  const inner = Array.isArray(errors) ? errors.map(withoutData) : undefined;
  const isWhole =
    message === error.message &&
    cause === error.cause &&
    inner?.every((one, index) => one === (errors as unknown[])[index]) !== false &&
    Reflect.ownKeys(error).every((key) => KEPT.has(key) && isPlain(key, Reflect.get(error, key)));
  if (isWhole) return error;

  const copy = new Error(message, cause === undefined ? {} : { cause });
  copy.name = error.name;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  copy.stack = [`${error.name}: ${message}`, ...frames].join("\n");
  for (const field of FIELDS) {
    const value: unknown = Reflect.get(error, field);
    if (value !== undefined && isHarmless(value)) Object.assign(copy, { [field]: value });
  }
  return inner === undefined ? copy : Object.assign(copy, { errors: inner });
}

const isHarmless = (value: unknown): boolean => value === undefined || value === null || typeof value !== "object";

const isPlain = (key: string | symbol, value: unknown): boolean =>
  key === "cause" || key === "errors" || isHarmless(value);
