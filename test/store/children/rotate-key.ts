/** Rotates the signing key at the time of each command, and reports which one is pending. */
import type { PendingKey } from "counterfoil";
import { nextCommand, open, report } from "./child.ts";

export interface RotatedKey extends PendingKey {
  /** Whether this process made it. */
  readonly made: boolean;
}

const { sessions, at } = await open();
let made: string | undefined;
sessions.on("key-rotated", ({ kid }) => void (made = kid));
await sessions.ready();
report("ready");
for (;;) {
  const now = await nextCommand<number>();
  if (now === undefined) break;
  at(now);
  const pending = await sessions.rotateSigningKey();
  report({ ...pending, made: pending.kid === made } satisfies RotatedKey);
}
