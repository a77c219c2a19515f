import { parseSessionCursor } from "../../protocol.ts";
import { listPage, type SessionInfo } from "../session/list-sessions.ts";
import type { DeviceFacts } from "../session/record.ts";
import { type Command, defineCommand } from "./command.ts";
import { UsageError } from "./command-error.ts";
import { STORE_OPTIONS, STORE_USAGE } from "./open-store.ts";
import { printableTable, printableTime } from "./printable.ts";
import { otherKind, readUser, USER_OPTIONS, USER_USAGE } from "./user-option.ts";
import { withContext } from "./with-context.ts";

const DEFAULT_LIMIT = "100";

/** Lists the sessions of a user. */
export const sessionsList: Command = defineCommand({
  usage: `counterfoil sessions list --user <id> [--number] --store <address> [--prefix counterfoil_] [--limit ${DEFAULT_LIMIT}] [--after <cursor>] [--json]
  Lists a user's live sessions, newest first.
${USER_USAGE}
  --limit   the most sessions of a page, 1 to 1000
  --after   where the page begins: the cursor that the page before ends with
${STORE_USAGE}`,
  options: { ...STORE_OPTIONS, ...USER_OPTIONS, limit: "text", after: "text" },
  async run({ user, number, limit = DEFAULT_LIMIT, after, ...target }) {
    if (user === undefined) throw new UsageError("name the user: --user <id>");
    const userId = readUser(user, number);
    if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > 1000)
      throw new UsageError("--limit takes a whole number from 1 to 1000");
    if (after !== undefined && parseSessionCursor(after) === undefined)
      throw new UsageError("--after is not a cursor; copy the one that the page before ends with");
    const options = { limit: Number(limit), after };
    const { sessions, next } = await withContext(target, (context) => listPage(context, userId, options));
    const isEmpty = sessions.length === 0 && next === undefined && after === undefined;
    return {
      text: isEmpty ? `no live session${otherKind(user, number)}\n` : toText(sessions, next),
      json: { sessions: sessions.map(toJson), next: next ?? null },
    };
  },
});

/** Field by field, so that no later field of a session is printed by accident. */
const toJson = (session: SessionInfo): object => ({
  handle: session.handle,
  userId: session.userId,
  createdAt: session.createdAt,
  lastSeenAt: session.lastSeenAt,
  expiresAt: session.expiresAt,
  authTime: session.authTime,
  device: toDevice(session.device),
  knownDevice: session.knownDevice ?? null,
  actor: session.actor === undefined ? null : { userId: session.actor.userId, handle: session.actor.handle },
});

const toDevice = ({ ip, userAgent, location, label }: DeviceFacts): object => ({
  ip: ip ?? null,
  userAgent: userAgent ?? null,
  location: location ?? null,
  label: label ?? null,
});

function toText(sessions: readonly SessionInfo[], next: string | undefined): string {
  const isActedFor = sessions.some(({ actor }) => actor !== undefined);
  const rows = sessions.map(({ handle, createdAt, lastSeenAt, expiresAt, device, actor }) => [
    handle,
    printableTime(createdAt),
    printableTime(lastSeenAt),
    printableTime(expiresAt),
    ...(isActedFor ? [actor === undefined ? "-" : String(actor.userId)] : []),
    [device.label, device.userAgent, device.ip, device.location].filter((fact) => fact !== undefined).join(", "),
  ]);
  const heading = ["HANDLE", "CREATED", "LAST SEEN", "EXPIRES", ...(isActedFor ? ["ACTOR"] : []), "DEVICE"];
  const table = printableTable([heading, ...rows]);
  return next === undefined ? table : `${table}next page: --after ${next}\n`;
}
