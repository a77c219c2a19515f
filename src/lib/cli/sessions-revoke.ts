import { listSessions } from "../session/list-sessions.ts";
import { revokeSession, revokeSessionsOfUser } from "../session/manage-sessions.ts";
import { type Command, defineCommand, type Outcome } from "./command.ts";
import { NothingFoundError, UsageError } from "./command-error.ts";
import { SECRET_OPTIONS, SECRET_USAGE } from "./given-secret.ts";
import { STORE_OPTIONS, STORE_USAGE, type StoreTarget } from "./open-store.ts";
import { counted } from "./printable.ts";
import { otherKind, readUser, USER_OPTIONS, USER_USAGE } from "./user-option.ts";
import { type KeyTarget, withContext, withSessions } from "./with-context.ts";

const OPTIONS = {
  ...STORE_OPTIONS,
  ...USER_OPTIONS,
  ...SECRET_OPTIONS,
  handle: "text",
  except: "text",
  all: "flag",
  yes: "flag",
} as const;

/** Revokes a session, those of a user, or all. */
export const sessionsRevoke: Command = defineCommand({
  usage: `counterfoil sessions revoke (--handle <handle> | --user <id> [--number] [--except <handle>] | --all --yes) --store <address>
            [--prefix counterfoil_] [--secret-file <path>] [--json]
  Revokes sessions. It may run while the app does.
  --handle  the handle of one session
${USER_USAGE}
  --except  the handle of a session of the user that stays
  --all     every session of every user: replaces all keys, so it needs the app's secret, and --yes
${SECRET_USAGE}
${STORE_USAGE}`,
  options: OPTIONS,
  async run({ handle, user, number, except, all, yes, ...target }) {
    const named = [handle, user, all].filter((option) => option !== undefined);
    if (named.length !== 1)
      throw new UsageError("name what to revoke by one of --handle <handle>, --user <id> and --all");
    if (user === undefined && (except !== undefined || number !== undefined))
      throw new UsageError(
        `--${except === undefined ? "number" : "except"} belongs to --user; leave it out, or name the user`,
      );
    if (handle !== undefined) return revokeOne(target, handle);
    if (user !== undefined) return revokeOfUser(target, { user, number, except });
    if (yes === undefined)
      throw new UsageError("--all signs everybody out, in every process; add --yes if that is what you want");
    return revokeAll(target);
  },
});

async function revokeOne(target: StoreTarget, handle: string): Promise<Outcome> {
  if (await withContext(target, (context) => revokeSession(context, handle))) return revoked(1);
  throw new NothingFoundError(
    "there is no session with this handle; it has ended, or --store or --prefix is another app's",
  );
}

interface OfUser {
  readonly user: string;
  readonly number: true | undefined;
  readonly except: string | undefined;
}

async function revokeOfUser(target: StoreTarget, { user, number, except }: OfUser): Promise<Outcome> {
  const userId = readUser(user, number);
  const count = await withContext(target, async (context) => {
    // A slip of the hand must not end the session that was to stay.
    if (except !== undefined && !(await listSessions(context, userId)).some(({ handle }) => handle === except))
      throw new NothingFoundError("the user has no session with the handle of --except, so nothing was revoked");
    return revokeSessionsOfUser(context, userId, except);
  });
  if (count > 0) return revoked(count);
  const other = except === undefined ? "" : " other than --except";
  throw new NothingFoundError(`the user has no session${other}${otherKind(user, number)}`);
}

async function revokeAll(target: KeyTarget): Promise<Outcome> {
  const count = await withSessions(target, undefined, (sessions) => sessions.revokeAllSessions());
  return {
    text: `revoked ${counted(count, "session")} and replaced all keys; running processes follow within a minute\n`,
    json: { revoked: count },
  };
}

const revoked = (count: number): Outcome => ({
  text: `revoked ${counted(count, "session")}\n`,
  json: { revoked: count },
});
