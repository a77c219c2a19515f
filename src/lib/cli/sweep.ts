import { sweepNow } from "../session/sweep-now.ts";
import { type Command, defineCommand } from "./command.ts";
import { STORE_OPTIONS, STORE_USAGE } from "./open-store.ts";
import { counted } from "./printable.ts";
import { withContext } from "./with-context.ts";

/** Removes expired sessions. */
export const sweep: Command = defineCommand({
  usage: `counterfoil sweep --store <address> [--prefix counterfoil_] [--json]
  Removes the sessions that have expired, until none is left: for cron, and after outages. It may run while the app does.
${STORE_USAGE}`,
  options: STORE_OPTIONS,
  async run(given) {
    const removed = await withContext(given, (context) => sweepNow(context));
    return { text: `removed ${counted(removed, "expired session")}\n`, json: { removed } };
  },
});
