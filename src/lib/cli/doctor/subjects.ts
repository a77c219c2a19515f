/** What a module of the app exports for the doctor: instances, or a config. */
import { pathToFileURL } from "node:url";
import { OPTIONS } from "../../config/config-options.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { ConfigError, isErrorFromAuth } from "../../errors.ts";
import type { Policy } from "../../policy.ts";
import { contextOf } from "../../session/assemble-sessions.ts";
import { findDefaultInstance } from "../../session/default-instance.ts";
import type { SessionStore } from "../../session/session-store.ts";
import { defaultStore } from "../../store/default-store.ts";
import { errorCode } from "../../store/network-errors.ts";
import { withDeadline } from "../../with-deadline.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

/** A config with its store. */
export interface Subject {
  readonly policy: Policy;
  readonly store: SessionStore;
  readonly close: () => Promise<void>;
}

export interface LoadedModule {
  readonly subjects: readonly Subject[];
  readonly findings: readonly Finding[];
}

const CHECK = "config";

/** Runs a module of the app. @param path absolute */
export async function loadSubjects(path: string): Promise<LoadedModule> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await inTime(import(pathToFileURL(path).href) as Promise<Readonly<Record<string, unknown>>>);
  } catch (error) {
    return { subjects: [], findings: describeLoadError(error) };
  }
  const subjects = new Map<unknown, Subject>();
  const findings: Finding[] = [];
  for (const [name, given] of [...Object.entries(exported), ["", findDefaultInstance()] as const]) {
    try {
      // Anything else with a "then", such as a query, would begin to work.
      const value: unknown = given instanceof Promise ? await inTime(given) : given;
      const subject = toSubject(name, value);
      if (subject !== undefined && !subjects.has(value)) subjects.set(value, subject);
    } catch (error) {
      findings.push(...describeLoadError(error));
    }
  }
  if (subjects.size > 0) findings.push(ok(CHECK, "The config is valid."));
  else if (findings.length === 0) findings.push(unknown(CHECK, NOTHING));
  return { subjects: [...subjects.values()], findings };
}

/** How long a module may take, in ms. */
const PATIENCE = 30_000;

const inTime = <T>(work: Promise<T>): Promise<T> =>
  withDeadline(work, performance.now() + PATIENCE, () => Object.assign(new Error("too late"), { code: "TIMEOUT" }));

const NOTHING =
  "The module exports neither what createSessions() or init() of this copy of the package returned, nor its config. Export one of them, as in: export const sessions = createSessions({ ... })";

/** The first parts of the names of options. */
const SECTIONS = new Set(["store", ...Object.keys(OPTIONS).map((name) => name.split(".")[0] ?? name)]);

/** @throws ConfigError of an exported config */
function toSubject(name: string, value: unknown): Subject | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const context = contextIfOurs(value);
  if (context !== undefined) {
    const { policy, givenStore, close } = context as typeof context & { readonly close: () => Promise<void> };
    return { policy, store: givenStore, close };
  }
  const isConfig = (name === "config" || name === "default") && Object.keys(value).some((key) => SECTIONS.has(key));
  if (!isConfig) return undefined;
  const { store, ...policy } = parseConfig(value);
  const used = store ?? defaultStore(async (path) => (await import("../../../sqlite.ts")).sqlite({ path }));
  return { policy, store: used, close: () => used.close() };
}

function contextIfOurs(value: object): ReturnType<typeof contextOf> | undefined {
  try {
    return contextOf(value);
  } catch {
    return undefined;
  }
}

/** The text of an error of the app is not repeated, because it may contain a secret. */
function describeLoadError(error: unknown): readonly Finding[] {
  if (error instanceof ConfigError) {
    return error.faults.map(({ path, message }) => wrong(CHECK, `${path}: ${message}.`));
  }
  if (isErrorFromAuth(error)) return [wrong(CHECK, `${error.code}: ${error.detail}.`)];
  const code = errorCode(error);
  if (code === "ERR_UNKNOWN_FILE_EXTENSION")
    return [
      unknown(
        CHECK,
        `Node ${process.version} does not load TypeScript. Name the compiled file, or use Node 22.18 or newer.`,
      ),
    ];
  const name = error instanceof Error ? error.name : typeof error;
  return [
    unknown(
      CHECK,
      `The module ends with an error when it is loaded (${code === "" ? name : `${name}, ${code}`}). Run it alone to see why.`,
    ),
  ];
}
