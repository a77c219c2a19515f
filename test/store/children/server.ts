/**
 * A server of the app, which does what it is told. It lives on from test to test, since loading a
 * program costs more than most of its work.
 */
import { nextCommand, open, type Opened, type Opening, report } from "./child.ts";
import { firstStart } from "./first-start.ts";
import { refreshMany, type RefreshMany } from "./refresh-many.ts";
import { refreshUntilRefused } from "./refresh-until-refused.ts";
import { revoke, type Revoke } from "./revoke.ts";
import { rotateKey } from "./rotate-key.ts";

/**
 * All but `start` and `open` are done by the instance that was opened last. Each has one report,
 * but for `refreshUntilRefused`, which ends with "done".
 */
export type Command =
  | { readonly start: Opening }
  | { readonly open: Opening }
  | { readonly refresh: RefreshMany }
  | { readonly refreshUntilRefused: readonly string[] }
  | { readonly rotate: number }
  | { readonly revoke: Revoke };

let opened: Opened | undefined;

function instance(): Opened {
  if (opened === undefined) throw new Error("nothing was opened");
  return opened;
}

async function perform(command: Command): Promise<unknown> {
  if ("start" in command) return firstStart(command.start);
  if ("refresh" in command) return refreshMany(instance(), command.refresh);
  if ("rotate" in command) return rotateKey(instance(), command.rotate);
  if ("revoke" in command) return revoke(instance(), command.revoke);
  if ("refreshUntilRefused" in command) {
    await refreshUntilRefused(instance(), command.refreshUntilRefused);
    return "done";
  }
  await opened?.sessions.close();
  opened = await open(command.open);
  await opened.sessions.ready();
  return "open";
}

for (;;) {
  const command = await nextCommand<Command>();
  if (command === undefined) break;
  report(await perform(command));
}
process.exit();
