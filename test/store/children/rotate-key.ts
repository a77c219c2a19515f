/** Rotates the signing key, and tells which one is pending. */
import type { PendingKey } from "counterfoil";
import type { Opened } from "./child.ts";

export interface RotatedKey extends PendingKey {
  /** Whether this process made it. */
  readonly made: boolean;
}

export async function rotateKey({ sessions, at }: Opened, now: number): Promise<RotatedKey> {
  at(now);
  let made: string | undefined;
  const stop = sessions.on("key-rotated", ({ kid }) => void (made = kid));
  const pending = await sessions.rotateSigningKey();
  stop();
  return { ...pending, made: pending.kid === made };
}
