import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SystemUser } from "./system-user.ts";

/** A killed server may still write while its folder goes. */
const REMOVE = 'cat >/dev/null; for try in $(seq 50); do rm -rf "$1" 2>/dev/null && exit; sleep 0.1; done';

export interface ServerFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A folder that goes when asked, and also when this process is killed: a shell waits for the end of
 * its pipe.
 */
export function createServerFolder(kind: string, owner?: SystemUser): ServerFolder {
  const path = mkdtempSync(join(tmpdir(), `counterfoil-${kind}-`));
  if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
  const remover = spawn("sh", ["-c", REMOVE, "sh", path], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  remover.unref();
  (remover.stdin as Socket).unref();

  return {
    path,
    async remove() {
      if (remover.exitCode !== null) return;
      remover.ref();
      const removed = once(remover, "exit");
      remover.stdin.end();
      await removed;
    },
  };
}
