/** Modules of apps that make their sessions, for the doctor to load. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onEnd } from "./apps.ts";

/** The same copy of the package that the doctor of this process is part of. */
const BUILD = new URL("../../build/", import.meta.url).href;

export const SECRET = "a secret for the doctor, of 32 characters and more";

export interface ConfigModule {
  readonly path: string;
  readonly folder: string;
}

let made: string | undefined;
let count = 0;

/** A folder that is removed after the tests of the file. */
export function makeFolder(): string {
  if (made === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "counterfoil-doctor-"));
    onEnd(async () => {
      made = undefined;
      rmSync(folder, { recursive: true, force: true });
    });
    made = folder;
  }
  return made;
}

/**
 * @param code of a module in which the functions of the package have their names
 * @param home the copy of the package
 */
export function writeModule(code: string, home = BUILD): string {
  count += 1;
  const path = join(makeFolder(), `sessions-${count}.mjs`);
  const imports = ["createSessions, init", "memory", "sqlite", "postgres", "mysql", "redis"].map((names, index) => {
    const file = index === 0 ? "index" : names;
    return `import { ${names} } from ${JSON.stringify(`${home}${file}.js`)};\n`;
  });
  writeFileSync(path, `${imports.join("")}${code}\n`);
  return path;
}

/** The copy that the command has in a process of its own. */
export const DIST: string = new URL("../../dist/", import.meta.url).href;

/** A module with an instance. @param options the text of the options */
export const writeSessions = (options: string): string =>
  writeModule(`export const sessions = createSessions({ ${options} });`);

/** Sets a variable of the environment for the time of a call. */
export async function withEnvironment<T>(value: string, work: () => Promise<T>): Promise<T> {
  const before = process.env["NODE_ENV"];
  process.env["NODE_ENV"] = value;
  try {
    return await work();
  } finally {
    process.env["NODE_ENV"] = before;
  }
}
