import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, realpathSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/counterfoil-servers/", import.meta.url));
const run = promisify(execFile);

export interface DataTemplate {
  /** What the data depends on: the program that makes it, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
  /** Where the data folder is wanted; nothing is there. */
  readonly to: string;
  readonly make: (to: string) => Promise<void>;
}

const making = new Map<string, Promise<void>>();

/**
 * The data folder of a new server. It takes seconds to make and nothing to copy, so one is kept
 * below node_modules.
 */
export async function makeDataOnce({ program, args, to, make }: DataTemplate): Promise<void> {
  const path = realpathSync(program);
  const { size, mtimeMs } = statSync(path);
  const key = createHash("sha256")
    .update(JSON.stringify([path, size, mtimeMs, process.getuid?.(), args]))
    .digest("hex");
  const kept = join(CACHE, key);
  if (!existsSync(kept)) {
    const made = making.get(key) ?? keep(kept, make);
    making.set(key, made);
    await made;
  }
  await copy(kept, to);
}

async function keep(kept: string, make: DataTemplate["make"]): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const unfinished = await mkdtemp(join(CACHE, "unfinished-"));
  try {
    await make(join(unfinished, "data"));
    await rename(join(unfinished, "data"), kept);
  } catch (error) {
    // Another test process was faster.
    if (!existsSync(kept)) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** With the owner, and faster than Node's own by an order of magnitude. */
const copy = (from: string, to: string): Promise<unknown> => run("cp", ["-a", from, to]);
