/** Stores whose operations run in another process, on connections of its own. */
import type { SessionStore } from "../../src/lib/session/session-store.ts";
import { spawnChild } from "./child-process.ts";
import type { Optional, Reply, Request } from "./children/store-host.ts";
import type { StoreAddress } from "./open-store.ts";

/** The two ends of a promise. */
interface Asker {
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** A process that runs operations of any number of stores. */
export interface StoreHost {
  open(address: StoreAddress): Promise<SessionStore>;
  stop(): void;
}

const optional = (value: unknown): Optional => (value === undefined ? [] : [value]);

export function startStoreHost(): StoreHost {
  const child = spawnChild("store-host");
  const waiting = new Map<number, Asker>();
  let requests = 0;
  let stores = 0;
  let ended: unknown;

  async function takeReplies(): Promise<void> {
    for (;;) {
      const reply = await child.next<Reply>();
      const asker = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("result" in reply) asker?.resolve(reply.result[0]);
      else asker?.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }));
    }
  }

  void takeReplies().catch((reason: unknown) => {
    ended = reason;
    for (const { reject } of waiting.values()) reject(reason);
  });

  async function ask(store: number, operation: Request["operation"], args: readonly unknown[]): Promise<unknown> {
    if (ended !== undefined) throw ended;
    const id = (requests += 1);
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.tell({ id, store, operation, args: args.map(optional) } satisfies Request);
    });
  }

  return {
    async open(address) {
      const store = (stores += 1);
      const hasClock = await ask(store, "open", [address]);
      const far =
        <A extends unknown[], R>(operation: Request["operation"]) =>
        (...args: A): Promise<R> =>
          ask(store, operation, args) as Promise<R>;
      return {
        prepare: far("prepare"),
        createSession: far("createSession"),
        findSession: far("findSession"),
        commitRefresh: far("commitRefresh"),
        replaceClaims: far("replaceClaims"),
        replaceData: far("replaceData"),
        replaceLabel: far("replaceLabel"),
        replaceSignIn: far("replaceSignIn"),
        deleteSession: far("deleteSession"),
        deleteSessionAtVersion: far("deleteSessionAtVersion"),
        deleteSessionsOfUser: far("deleteSessionsOfUser"),
        listSessionsOfUser: far("listSessionsOfUser"),
        rememberReplaced: far("rememberReplaced"),
        rememberOnce: far("rememberOnce"),
        rememberDevice: far("rememberDevice"),
        forgetDevices: far("forgetDevices"),
        appendAudit: far("appendAudit"),
        readAudit: far("readAudit"),
        deleteOldAudit: far("deleteOldAudit"),
        forgetAudit: far("forgetAudit"),
        wasReplaced: far("wasReplaced"),
        deleteExpiredSessions: far("deleteExpiredSessions"),
        appendLog: far("appendLog"),
        readLog: far("readLog"),
        takeLease: far("takeLease"),
        ...(hasClock === true ? { readClock: far("readClock") } : {}),
        listKeys: far("listKeys"),
        insertKey: far("insertKey"),
        rewrapKey: far("rewrapKey"),
        deleteKey: far("deleteKey"),
        close: far("close"),
      };
    },
    stop: () => child.kill(),
  };
}
