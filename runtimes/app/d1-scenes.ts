/** What only D1 does, played in a Worker. */
import { AuthError, createSessions, type Sessions } from "counterfoil";
import { d1, type D1DatabaseBinding } from "counterfoil/d1";

const SECRET = "a secret of at least thirty-two characters";

/** @returns the code of the error, or undefined if there is none */
async function codeOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return AuthError.isErrorFromAuth(error) ? `${error.code}: ${error.message}` : String(error);
  }
}

/** Several Workers that start at once on an empty database, and a table that is lost. */
async function playTables(database: D1DatabaseBinding): Promise<unknown> {
  const open = (migrate = true): ReturnType<typeof d1> => d1(database, { tablePrefix: "scene_", migrate });
  const refused = await codeOf(() => open(false).prepare());
  const made = await Promise.all(Array.from({ length: 5 }, () => codeOf(() => open().prepare())));
  const withoutRight = await codeOf(() => open(false).prepare());
  await database.prepare("DROP TABLE scene_device").bind().all();
  const lost = await codeOf(() => open(false).prepare());
  const remade = await codeOf(() => open().prepare());
  return { refused, made, withoutRight, lost, remade };
}

/** Whether a second process lets a session in that the first one has ended. */
async function playMode(database: D1DatabaseBinding, revocation: "off" | "store" | "feed"): Promise<unknown> {
  // Ahead of what the second one has read, by more than the bound.
  let ahead = 0;
  const make = (): Sessions =>
    createSessions({
      secret: SECRET,
      store: d1(database),
      clock: () => Date.now() + ahead,
      tokens: { accessToken: { revocation } },
    });
  const [first, second] = [make(), make()];
  const { session, accessToken, refreshToken } = await first.createNewSession("alice");
  const verify = (token: string): Promise<string | undefined> => codeOf(() => second.getSession(token, null));
  const before = await verify(accessToken.value);
  const refreshed = await second.refreshSession(refreshToken.value);
  await first.revokeSessionUsingSessionHandle(session.handle);
  ahead = 3000;
  const after = await verify(refreshed.newAccessToken.value);
  await Promise.all([first.close(), second.close()]);
  return { before, after: after?.split(":")[0] };
}

let feed: { readonly sessions: Sessions; readonly token: string } | undefined;
let feedAhead = 0;

/**
 * Verifies a token of an instance that refuses where it cannot read the log, one request of the
 * Worker after another.
 *
 * @param ahead how far its clock is ahead, in ms
 */
export async function verifyByFeed(database: D1DatabaseBinding, ahead: number): Promise<unknown> {
  feedAhead = ahead;
  if (feed === undefined) {
    const sessions = createSessions({
      secret: SECRET,
      store: d1(database),
      clock: () => Date.now() + feedAhead,
      tokens: { accessToken: { revocation: "feed", feed: { onLag: "refuse" } } },
    });
    feed = { sessions, token: (await sessions.createNewSession("alice")).accessToken.value };
  }
  const { sessions, token } = feed;
  return (await codeOf(() => sessions.getSession(token, null))) ?? "verified";
}

export async function playD1(database: D1DatabaseBinding): Promise<unknown> {
  return {
    tables: await playTables(database),
    off: await playMode(database, "off"),
    store: await playMode(database, "store"),
    feed: await playMode(database, "feed"),
  };
}
