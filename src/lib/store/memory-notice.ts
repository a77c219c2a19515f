import type { Cluster } from "node:cluster";
import { isInProduction, warnOfSetup } from "../notices.ts";

/** What was warned of: once is enough for a process. */
const warned = new Set<string>();

/**
 * Warns of a store that keeps everything in this process, where there are several processes or
 * users to lose it: in a worker of `node:cluster`, and in production.
 *
 * @param store how the app has written it
 * @param isMeant whether the app says that one process which forgets is what it wants
 */
export function warnOfMemory(store: string, isMeant: boolean, cure = ""): void {
  if (isClusterWorker()) {
    warn(
      `${store} is used in a worker of node:cluster: each worker has sessions and keys of its own, so users are signed out at random. Write sqlite({ path: "./sessions.db" }), which the workers may share, or the store of a database server.`,
    );
  } else if (isInProduction() && !isMeant) {
    warn(
      `${store} is used in production: sessions and keys are lost with the process, and no other process knows them. Write sqlite({ path: "./sessions.db" }), or the store of a database server${cure}.`,
    );
  }
}

function warn(text: string): void {
  if (warned.has(text)) return;
  warned.add(text);
  warnOfSetup("COUNTERFOIL_MEMORY_STORE", text);
}

// Not imported: runtimes without node:cluster have this store, too. The types are those of an
// import.
const isClusterWorker = (): boolean =>
  (process.getBuiltinModule?.("node:cluster") as unknown as Cluster | undefined)?.isWorker === true;
