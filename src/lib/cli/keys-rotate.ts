import { type Command, defineCommand } from "./command.ts";
import { SECRET_OPTIONS, SECRET_USAGE } from "./given-secret.ts";
import { STORE_OPTIONS, STORE_USAGE } from "./open-store.ts";
import { printableTime } from "./printable.ts";
import { withSessions } from "./with-context.ts";

/** Publishes the next signing key. */
export const keysRotate: Command = defineCommand({
  usage: `counterfoil keys rotate --store <address> [--prefix counterfoil_] [--secret-file <path>] [--publish-ahead 10m] [--json]
  Publishes the next signing key, of the algorithm of the newest one; if one is pending already, names that. All sessions go on.
  --publish-ahead  how long the key is published before it signs, as the option keys.publishAhead of the app
${SECRET_USAGE}
${STORE_USAGE}`,
  options: { ...STORE_OPTIONS, ...SECRET_OPTIONS, "publish-ahead": "text" },
  async run({ "publish-ahead": publishAhead, ...target }) {
    const { kid, activatesAt } = await withSessions(target, publishAhead, (sessions) => sessions.rotateSigningKey());
    return {
      text: `key ${kid} signs from ${printableTime(activatesAt)}\n`,
      json: { kid, signsFrom: activatesAt },
    };
  },
});
