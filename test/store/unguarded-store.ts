import type { Pool } from "mysql2/promise";
import type { SessionStore } from "../../src/lib/session/session-store.ts";

/**
 * A store in MySQL with the mistake that hides longest: commitRefresh reads, compares, and then
 * writes without a guard. Within a process one waits for the other, so that only another process
 * shows it.
 */
export function unguarded(store: SessionStore, pool: Pool): SessionStore {
  let last: Promise<unknown> = Promise.resolve();
  const commitRefresh: SessionStore["commitRefresh"] = async (handle, version, write) => {
    const [rows] = await pool.execute("SELECT version FROM counterfoil_session WHERE handle = ?", [handle]);
    const [row] = rows as unknown as readonly { readonly version: number }[];
    if (row?.version !== version) return false;
    await pool.execute(
      `UPDATE counterfoil_session SET version = version + 1, generation = ?, current_hash = ?, parent_hash = ?, child_minted_at = ?,
         child_seen_at = ?, confirmed_at = ?, last_seen_at = ?, expires_at = ?, device = ? WHERE handle = ?`,
      [
        write.generation,
        write.currentHash,
        write.parentHash,
        write.childMintedAt,
        write.childSeenAt,
        write.confirmedAt,
        write.lastSeenAt,
        write.expiresAt,
        write.device,
        handle,
      ],
    );
    return true;
  };
  return {
    ...store,
    commitRefresh(handle, version, write) {
      const turn = last.then(() => commitRefresh(handle, version, write));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}
