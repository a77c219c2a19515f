import type { Cluster } from "node:cluster";
import { isInProduction, warnOfSetup } from "../notices.ts";

/** Already warned about: once per process. */
const warned = new Set<string>();

/**
 * Warns that a memory store loses its data with the process, if there may be several processes or
 * real users: in a worker of `node:cluster`, and in production.
 *
 * @param store the app's code for the store
 * @param isMeant whether the app has confirmed that it wants this
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

// Loaded at run time, because runtimes without node:cluster have this store, too.
const isClusterWorker = (): boolean =>
  (process.getBuiltinModule?.("node:cluster") as unknown as Cluster | undefined)?.isWorker === true;
