import type { Policy } from "../policy.ts";
import { beginShared, currentCall } from "../call.ts";
import { otherSites } from "../options/start-notices.ts";
import { generalError } from "../errors.ts";
import { withDeadline } from "../with-deadline.ts";
import { createKeyRing, type PendingKey } from "../key/key-ring.ts";
import { MAX_COOKIE_BYTES } from "../../protocol.ts";
import { createNotify, type Notice } from "../notices.ts";
import { LEAST_KEEP } from "../revocation/log-store.ts";
import { createFeed } from "../revocation/feed.ts";
import { createJournals, type Journals } from "./journals.ts";
import { emitHeard } from "./heard-revocations.ts";
import { unsuitableStore } from "./store-error.ts";
import { createRevocationCheck } from "./revocation-check.ts";
import { guardStore } from "./guarded-store.ts";
import type { SessionStore } from "./session-store.ts";
import { createAccessTokens } from "../token/access-token.ts";
import { createAntiCsrfTokens } from "../token/anti-csrf-token.ts";
import { realmOf } from "../token/realm.ts";
import { createSecrets, type Secrets } from "../crypto/secret.ts";
import { createTickets } from "../token/ticket.ts";
import { createAudit } from "./audit.ts";
import { createCalls } from "./calls.ts";
import { createSteadyClock } from "../clock.ts";
import { createClocks } from "./clocks.ts";
import type { SessionContext } from "./context.ts";
import { chooseSecrets } from "./default-secret.ts";
import { createEventHub } from "./events.ts";
import { createFirstInMinute } from "./first-in-minute.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { createRefusals } from "./refusals.ts";
import { createStoreObservers } from "./store-observers.ts";
import { watchStore } from "./store-watch.ts";
import { createUpkeep } from "./upkeep.ts";

/**
 * Makes the context of the session operations, until `close`. Does no I/O.
 *
 * @param needs "no keys": the keys are not loaded, for work that neither signs nor verifies
 * @throws ConfigError when a secret is needed
 */
export function createContext(
  policy: Policy,
  givenStore: SessionStore,
  needs: "keys" | "no keys" = "keys",
): SessionContext & { readonly close: () => Promise<void> } {
  const chosen = needs === "keys" ? chooseSecrets(policy.secrets, givenStore) : undefined;
  const now = createSteadyClock(policy.clock);
  const events = createEventHub();
  const observers = createStoreObservers();
  const store = watchStore(guardStore(givenStore, observers), (notice) => refusals.notify(notice));
  const calls = createCalls(store.timeout);
  let derived: Secrets | undefined;
  const secrets = (): Secrets => {
    if (derived === undefined) throw generalError("STORE_UNAVAILABLE", "the secrets have not been loaded");
    return derived;
  };

  const notify = createNotify();
  const refusals = createRefusals(notify, events.emit, now);
  const startNotice = otherSites(policy);
  if (startNotice !== undefined) notify(startNotice);

  const { accessToken, cookie, absoluteTimeout, keys } = policy;
  const keyPolicy = {
    ...keys,
    signing: accessToken.signing,
    accessValidity: accessToken.validity,
    // A client that loses responses keeps renewing its session with one refresh token.
    longestToken: Math.max(accessToken.validity, absoluteTimeout),
  };
  const clocks = createClocks({ policy, store, now, emit: events.emit, notify: refusals.notify });
  const onRotated = (key: PendingKey): void => events.emit("key-rotated", key);
  const ring = createKeyRing({ store, secrets, policy: keyPolicy, clocks, onRotated });
  const maxLength = MAX_COOKIE_BYTES - cookie.names.access.length;
  const accessTokens = createAccessTokens(ring, { ...accessToken, maxLength });

  const realm = realmOf(accessToken);

  const feed =
    accessToken.revocation === "feed"
      ? createFeed({
          ...accessToken.feed,
          store,
          now,
          ...(store.readClock === undefined ? {} : { noteTime: clocks.note }),
          heard: (entries) => emitHeard(events, journals, entries),
          tell: (fault) => refusals.notify(silent(fault)),
        })
      : undefined;
  const journals: Journals = createJournals({
    store,
    aside: calls.aside,
    feed,
    validity: accessToken.validity,
    listens: accessToken.feed.listen !== false,
    now: clocks.shared,
  });

  const { auditRetention } = policy;
  const audit = createAudit({ store, retention: auditRetention, newJournal: journals.next });
  const upkeep = createUpkeep({ store, ring, clocks, aside: calls.aside, auditRetention });
  let opening: Promise<void> | undefined;
  let opened = false;
  let closing: Promise<void> | undefined;
  let softRefusals = 0;
  const endings: (() => void)[] = [];
  async function open(): Promise<void> {
    try {
      await store.prepare();
      if (chosen !== undefined) {
        derived = createSecrets(await chosen((await store.listKeys()).length === 0));
        await ring.load();
      }
      await openFeed();
      await checkAudit();
      opened = true;
    } catch (error) {
      // The next attempt reads the file again: it may have been restored.
      derived = undefined;
      opening = undefined;
      throw error;
    }
  }

  /** A process that starts reads the whole log, so its first requests need not ask for rows. */
  async function openFeed(): Promise<void> {
    const fault = store.logFault?.();
    if (fault !== undefined && feed !== undefined) throw unsuitableStore(`${FEED_NEEDS}: ${fault}`);
    if (fault !== undefined)
      refusals.notify({ code: "COUNTERFOIL_REVOCATION_LOG", write: () => `${WITHOUT_LOG}: ${fault}.` });
    await feed?.read();
    await feed?.watch().catch((error: unknown) => refusals.notify(silent(error)));
  }

  async function checkAudit(): Promise<void> {
    const fault = auditRetention === undefined ? undefined : await store.findAuditFault?.();
    if (fault !== undefined) throw unsuitableStore(`${fault} ${AUDIT_NEEDS}`);
  }

  async function close(): Promise<void> {
    void upkeep.stop();
    journals.stop();
    const ended = calls.close();
    await opening?.catch(() => undefined);
    await ended;
    for (const work of endings) work();
    await feed?.stop();
    unwatch?.();
    events.clear();
    await store.close();
  }

  const unwatch = givenStore.watch?.(({ notice, isReopened }) => {
    // The new database has other keys. Load them before the next call signs.
    if (isReopened && opened) [opened, opening] = [false, undefined];
    refusals.note(notice);
  });

  return {
    policy,
    store,
    givenStore,
    observers,
    storeKind: givenStore.kind,
    isMemory: givenStore.secretFile === null,
    ring,
    accessTokens,
    realm,
    antiCsrf: createAntiCsrfTokens(secrets, realm),
    tickets: createTickets(secrets, realm),
    revocation: createRevocationCheck({
      mode: accessToken.revocation,
      patience: accessToken.feed.bound,
      longest: Math.max(accessToken.validity, LEAST_KEEP),
      onLag: accessToken.feed.onLag,
      feed,
      store,
      calls,
      idleTimeout: policy.idleTimeout,
      absoluteTimeout: policy.absoluteTimeout,
      hasEnded: clocks.hasEnded,
    }),
    feed,
    journals,
    audit,
    events,
    refusals,
    countSoftRefusal: () => void (softRefusals += 1),
    stats: () => ({
      verifiedTokens: accessTokens.cacheCounts(),
      softRefusals,
      refusals: refusals.totals(),
      feedLag: feed?.lag(),
    }),
    now,
    clocks,
    calls,
    oneAtATime: createOneAtATime(),
    isFirstInMinute: createFirstInMinute(now),
    ready() {
      calls.check();
      if (opened) return undefined;
      // All calls share it, so it belongs to none of them.
      opening ??= beginShared(open);
      const call = currentCall();
      return call === undefined ? opening : withDeadline(opening, call.deadline + GRACE, () => notOpen(call.timeout));
    },
    isOpen: () => opened,
    isInTransaction: false,
    onClose: (work) => void endings.push(work),
    upkeep,
    close() {
      const isFirst = closing === undefined;
      closing ??= close();
      // Only the first `close` reports an error.
      return isFirst ? closing : closing.catch(() => undefined);
    },
  };
}

/**
 * How much longer than its timeout a call waits for the store to open, in ms. The store's own error
 * gives the reason.
 */
const GRACE = 500;

const FEED_NEEDS = 'tokens.accessToken.revocation: "feed" needs the log of revocations, which cannot be used';

const AUDIT_NEEDS = "audit.retention writes the audit table, and needs it";

const WITHOUT_LOG =
  'The log of revocations is not written, so other processes with tokens.accessToken.revocation: "feed" miss what this one revokes';

const silent = (fault: unknown): Notice => ({
  code: "COUNTERFOIL_LISTEN",
  write: () =>
    `No messages of revocations arrive (${fault instanceof Error ? fault.message : String(fault)}), so the log is read once in each tokens.accessToken.feed.bound: ` +
    "nothing is missed, it only takes as long. Give tokens.accessToken.feed.listen an address of the database without a pooler between.",
});

const notOpen = (timeout: number): Error =>
  generalError("STORE_UNAVAILABLE", `the session store has not opened within ${timeout} ms; sessions are untouched`);
