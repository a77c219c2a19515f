// The entry and not its parts: the package would fall into more files (docs/decisions/062).
import { createSessions } from "../../index.ts";
import type { CounterfoilConfig } from "../config/config.ts";
import { OPTIONS } from "../config/config-options.ts";
import { parseConfig } from "../config/parse-config.ts";
import { isErrorFromAuth } from "../errors.ts";
import type { KeyStore } from "../key/key-store.ts";
import type { SigningAlgorithm } from "../policy.ts";
import type { SessionContext } from "../session/context.ts";
import { createContext } from "../session/create-context.ts";
import { guardStore } from "../session/guarded-store.ts";
import type { Sessions } from "../session/sessions.ts";
import type { SessionStore } from "../session/session-store.ts";
import { CommandError, NothingFoundError } from "./command-error.ts";
import { readAppSecret } from "./given-secret.ts";
import { openStore, type StoreTarget } from "./open-store.ts";

/** The options of a command that needs the app's secret. */
export interface KeyTarget extends StoreTarget {
  readonly "secret-file"?: string;
}

/** Settings of the app that decide what a new key is. */
interface KeySettings {
  readonly secret?: string;
  readonly signing?: SigningAlgorithm;
  readonly publishAhead?: string | undefined;
  readonly isAudited?: boolean;
}

/**
 * The app's timeouts are not known here, so each is as long as it can be: a session ends when its
 * row says so, no key is removed that the app may need, and the log keeps entries long enough.
 */
const configFor = ({ secret, signing, publishAhead, isAudited }: KeySettings = {}): CounterfoilConfig => ({
  ...(secret === undefined ? {} : { secret }),
  tokens: {
    accessToken: {
      validity: OPTIONS["tokens.accessToken.validity"].max,
      ...(signing === undefined ? {} : { signing }),
    },
  },
  session: {
    idleTimeout: OPTIONS["session.idleTimeout"].max,
    absoluteTimeout: OPTIONS["session.absoluteTimeout"].max,
  },
  ...(isAudited === true ? { audit: { retention: OPTIONS["audit.retention"].max } } : {}),
  keys: {
    rotateEvery: OPTIONS["keys.rotateEvery"].max,
    ...(publishAhead === undefined ? {} : { publishAhead }),
  },
});

/** Opens the store, and closes it after the work. @throws UsageError, ConfigError, SessionError */
async function withStore<T>(target: StoreTarget, work: (store: SessionStore) => Promise<T>): Promise<T> {
  const store = await openStore(target);
  try {
    return await work(store);
  } finally {
    // Often for the second time, which does nothing.
    await store.close();
  }
}

/** The app's config is not known here, but an app that writes the audit table has rows in it. */
async function isAuditedByApp(store: SessionStore): Promise<boolean> {
  const guarded = guardStore(store);
  await guarded.prepare();
  const rows = await guarded.readAudit({ userKey: undefined, from: 0, limit: 1, after: undefined });
  return rows.length > 0;
}

/**
 * Opens the store and lends the context of the library's own calls. No key is loaded, so that no
 * secret is needed.
 *
 * @throws UsageError, ConfigError, SessionError
 */
export const withContext = <T>(target: StoreTarget, work: (context: SessionContext) => Promise<T>): Promise<T> =>
  withStore(target, async (store) => {
    const isAudited = await isAuditedByApp(store);
    const context = createContext(parseConfig(configFor({ isAudited })), store, "no keys");
    try {
      await context.ready();
      return await work(context);
    } finally {
      await context.close();
    }
  });

/**
 * Opens the store and lends an instance, which has the keys.
 *
 * @throws UsageError, ConfigError, SessionError; NothingFoundError if the store has no keys
 */
export async function withSessions<T>(
  { "secret-file": secretFile, ...target }: KeyTarget,
  publishAhead: string | undefined,
  work: (sessions: Sessions) => Promise<T>,
): Promise<T> {
  // A wrong setting is reported before anything is opened.
  parseConfig(configFor({ publishAhead }));
  return explainMismatch(() =>
    withStore(target, async (store) => {
      const secret = await readAppSecret(secretFile, store);
      const guarded = guardStore(store);
      await guarded.prepare();
      const newest = (await guarded.listKeys()).at(-1);
      if (newest === undefined) throw noKeys();
      // Another algorithm than that of the newest key would make a key at once.
      const isAudited = await isAuditedByApp(store);
      const config = configFor({ secret, signing: newest.algorithm, publishAhead, isAudited });
      const sessions = createSessions({ store, ...config });
      return work(sessions).finally(async () => sessions.close());
    }),
  );
}

/**
 * Opens the store for work on the encrypted keys, with the secret of the app.
 *
 * @throws UsageError, SessionError
 */
export const withWrappedKeys = <T>(
  { "secret-file": secretFile, ...target }: KeyTarget,
  work: (store: KeyStore, secret: string) => Promise<T>,
): Promise<T> =>
  explainMismatch(() =>
    withStore(target, async (store) => {
      const secret = await readAppSecret(secretFile, store);
      const guarded = guardStore(store);
      await guarded.prepare();
      return work(guarded, secret);
    }),
  );

/** @throws CommandError in place of the library's own error, which speaks of the config */
async function explainMismatch<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isErrorFromAuth(error) || error.code !== "SECRET_MISMATCH") throw error;
    throw new CommandError(
      2,
      "SECRET_MISMATCH",
      "the keys in the store were encrypted with another secret; give the app's secret, and of a list the first, by COUNTERFOIL_SECRET or --secret-file",
    );
  }
}

/** The first start of the app makes the first key. */
export const noKeys = (): NothingFoundError =>
  new NothingFoundError("the store has no keys, so no app has used it yet; check --store and --prefix");
