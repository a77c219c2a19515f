/** The cause of an error, and its solution. */
export interface NetworkError {
  readonly kind: "fault";
  readonly message: string;
}

/** The code of a driver's error: a string or, with some drivers, a number. */
export function errorCode(error: unknown, property = "code"): string {
  if (typeof error !== "object" || error === null) return "";
  const value: unknown = Reflect.get(error, property);
  if (typeof value === "string" || typeof value === "number") return String(value);
  // Node reports a host with several IP addresses as one error that contains the others.
  const [first]: unknown[] = error instanceof AggregateError ? error.errors : [];
  return first === undefined ? "" : errorCode(first, property);
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "ENOENT",
]);

/** Recognises network errors, which all drivers report alike. */
export function diagnoseNetwork(error: unknown): NetworkError | undefined {
  const code = errorCode(error);
  // EAI_AGAIN, EAI_FAIL and the like come from DNS.
  if (!UNREACHABLE.has(code) && !code.startsWith("EAI_")) return undefined;
  return {
    kind: "fault",
    message: `the database cannot be reached (${code}); check host and port, and whether it is running`,
  };
}
