import type { Policy } from "../policy.ts";
import { currentCall, outsideCalls } from "../call.ts";
import { otherSites } from "../options/start-notices.ts";
import { generalError } from "../errors.ts";
import { withDeadline } from "../with-deadline.ts";
import { createKeyRing, type PendingKey } from "../key/key-ring.ts";
import { MAX_COOKIE_BYTES } from "../../protocol.ts";
import { createNotify } from "../notices.ts";
import { createRevocationCheck } from "./revocation-check.ts";
import { guardStore } from "./guarded-store.ts";
import type { SessionStore } from "./session-store.ts";
import { createAccessTokens } from "../token/access-token.ts";
import { createAntiCsrfTokens } from "../token/anti-csrf-token.ts";
import { realmOf } from "../token/realm.ts";
import { createSecrets, type Secrets } from "../crypto/secret.ts";
import { createTickets } from "../token/ticket.ts";
import { createCalls } from "./calls.ts";
import { createSteadyClock } from "../clock.ts";
import { createClocks } from "./clocks.ts";
import type { SessionContext } from "./context.ts";
import { chooseSecrets } from "./default-secret.ts";
import { createEventHub } from "./events.ts";
import { createFirstInMinute } from "./first-in-minute.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import { createRefusals } from "./refusals.ts";
import { watchStore } from "./store-watch.ts";
import { createUpkeep } from "./upkeep.ts";

/**
 * Makes what the session operations work with. Does no I/O. `close` ends it.
 * @throws ConfigError when a secret is needed
 */
export function createContext(
  policy: Policy,
  givenStore: SessionStore,
): SessionContext & { readonly close: () => Promise<void> } {
  const now = createSteadyClock(policy.clock);
  const events = createEventHub();
  const store = watchStore(guardStore(givenStore), (notice) => refusals.notify(notice));
  const calls = createCalls(store.timeout);
  const chosen = chooseSecrets(policy.secrets, givenStore);
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
    // A client whose answers get lost goes on with one refresh token, and renews its session with
    // it.
    longestToken: Math.max(accessToken.validity, absoluteTimeout),
  };
  const clocks = createClocks({ policy, store, now, emit: events.emit, notify: refusals.notify });
  const onRotated = (key: PendingKey): void => events.emit("key-rotated", key);
  const ring = createKeyRing({ store, secrets, policy: keyPolicy, clocks, onRotated });
  const maxLength = MAX_COOKIE_BYTES - cookie.names.access.length;
  const accessTokens = createAccessTokens(ring, { ...accessToken, maxLength });

  const realm = realmOf(accessToken);

  const upkeep = createUpkeep({ store, ring, clocks, aside: calls.aside });
  let opening: Promise<void> | undefined;
  let opened = false;
  let closing: Promise<void> | undefined;
  const endings: (() => void)[] = [];
  async function open(): Promise<void> {
    try {
      await store.prepare();
      derived = createSecrets(await chosen((await store.listKeys()).length === 0));
      await ring.load();
      opened = true;
    } catch (error) {
      // Read anew by the next attempt: a file that was lost may have been put back.
      derived = undefined;
      opening = undefined;
      throw error;
    }
  }

  async function close(): Promise<void> {
    void upkeep.stop();
    const ended = calls.close();
    await opening?.catch(() => undefined);
    await ended;
    for (const work of endings) work();
    unwatch?.();
    events.clear();
    await store.close();
  }

  const unwatch = givenStore.watch?.(({ notice, isReopened }) => {
    // It has other keys: they are read before the next call signs with one.
    if (isReopened && opened) [opened, opening] = [false, undefined];
    refusals.note(notice);
  });

  return {
    policy,
    store,
    isMemory: givenStore.secretFile === null,
    ring,
    accessTokens,
    realm,
    antiCsrf: createAntiCsrfTokens(secrets, realm),
    tickets: createTickets(secrets, realm),
    revocation: createRevocationCheck(accessToken.revocation, store, { ...policy, hasEnded: clocks.hasEnded }),
    events,
    refusals,
    now,
    clocks,
    calls,
    oneAtATime: createOneAtATime(),
    isFirstInMinute: createFirstInMinute(now),
    ready() {
      calls.check();
      if (opened) return undefined;
      // Everybody's, and so nobody's call.
      opening ??= outsideCalls(open);
      const call = currentCall();
      return call === undefined ? opening : withDeadline(opening, call.deadline + GRACE, () => notOpen(call.timeout));
    },
    onClose: (work) => void endings.push(work),
    upkeep,
    close() {
      const isFirst = closing === undefined;
      closing ??= close();
      // The one that closes first hears of a fault.
      return isFirst ? closing : closing.catch(() => undefined);
    },
  };
}

/**
 * How much later than its time a call gives up on the opening of the store, whose own fault says
 * why, in ms.
 */
const GRACE = 500;

const notOpen = (timeout: number): Error =>
  generalError("STORE_UNAVAILABLE", `the session store has not opened within ${timeout} ms; sessions are untouched`);
