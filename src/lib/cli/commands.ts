import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { init } from "./init.ts";
import { keysList } from "./keys-list.ts";
import { keysRotate } from "./keys-rotate.ts";
import { migrate } from "./migrate.ts";
import { secretGenerate } from "./secret-generate.ts";
import { secretRotate } from "./secret-rotate.ts";
import { sessionsList } from "./sessions-list.ts";
import { sessionsRevoke } from "./sessions-revoke.ts";
import { sweep } from "./sweep.ts";

/** Every command, by its one or two words. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ["init", init],
  ["sessions list", sessionsList],
  ["sessions revoke", sessionsRevoke],
  ["keys list", keysList],
  ["keys rotate", keysRotate],
  ["secret generate", secretGenerate],
  ["secret rotate", secretRotate],
  ["sweep", sweep],
  ["migrate", migrate],
  ["doctor", doctor],
]);
