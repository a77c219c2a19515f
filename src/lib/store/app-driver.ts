// A namespace import, because banners of bundles often declare `createRequire` already.
import { diagnoseNetwork } from "./network-errors.ts";
import * as modules from "node:module";
import { join } from "node:path";
import { generalError } from "../errors.ts";

/**
 * How long a pool that a store makes keeps a connection that nobody uses. A development server that
 * evaluates a module again leaves its pool behind.
 */
export const IDLE_SECONDS = 10;

/** A driver that the app has installed. */
export interface InstalledDriver {
  /** The package name of the driver. */
  readonly name: string;
  readonly module: Readonly<Record<string, unknown>>;
}

/** Loads the first installed one of several drivers. @throws SessionError `DRIVER_MISSING` */
export async function importDriver(...names: readonly [string, ...string[]]): Promise<InstalledDriver> {
  for (const name of names) {
    const module = (await unlessMissing(() => importHere(name))) ?? (await unlessMissing(() => requireFromApp(name)));
    if (module !== undefined) return { name, module };
  }
  const [packageName] = names[0].split("/");
  throw generalError(
    "DRIVER_MISSING",
    `no driver is found; run npm install ${packageName}, or give the pool or client of one that you have; ` +
      "in a bundle, install it where the bundle runs, or give the pool or client, which is then bundled along",
  );
}

type Module = Readonly<Record<string, unknown>>;

/** A variable and these comments keep bundlers from resolving the import. */
const importHere = async (name: string): Promise<Module> =>
  (await import(/* webpackIgnore: true */ /* @vite-ignore */ name)) as Module;

/**
 * Loads a package of the app. Some package managers show a package only its own dependencies, and a
 * bundle has only the app's. Turbopack replaces `import` by an error, so this uses `require`.
 */
const requireFromApp = (name: string): Module =>
  modules.createRequire(join(process.cwd(), "package.json"))(name) as Module;

async function unlessMissing(load: () => Module | Promise<Module>): Promise<Module | undefined> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof Error && "code" in error && NOT_FOUND.includes(error.code)) return undefined;
    throw error;
  }
}

/** From `import`, and from `require` and bundlers. */
const NOT_FOUND: readonly unknown[] = ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"];

/**
 * A pool or client that the store makes: created on first use, created again after a failure, ended
 * once.
 */
export interface LazyResource<T> {
  readonly get: () => Promise<T>;
  /** @throws SessionError `STORE_UNAVAILABLE` if it may still be open */
  readonly end: () => Promise<void>;
}

export function lazyResource<T>(make: () => Promise<T>, finish: (made: T) => Promise<unknown>): LazyResource<T> {
  let making: Promise<T> | undefined;
  return {
    get() {
      making ??= make().catch((error: unknown) => {
        making = undefined;
        throw error;
      });
      return making;
    },
    async end() {
      const ending = making;
      making = undefined;
      const made = await ending?.catch(() => undefined);
      if (made === undefined) return;
      try {
        await finish(made);
      } catch (error) {
        if (isGone(error)) return;
        throw generalError(
          "STORE_UNAVAILABLE",
          "the session store could not end its own connections, which may stay open until the process exits",
          error,
        );
      }
    },
  };
}

/**
 * Whether a connection broke or failed to open while it was to be ended, so that there is nothing
 * left to end. A pool of mysql2 continues with the others, and marks such errors as fatal.
 */
const isGone = (error: unknown): boolean =>
  diagnoseNetwork(error) !== undefined || (error instanceof Error && "fatal" in error && error.fatal === true);
