import { DurableObject } from "cloudflare:workers";
import { d1, type SessionStore } from "counterfoil/d1";
import { databaseOf, type DurableStorage } from "./database.ts";

/** The operations of a store that a call from another object can carry. */
const OPERATIONS = [
  "prepare",
  "createSession",
  "findSession",
  "commitRefresh",
  "replaceClaims",
  "replaceData",
  "replaceLabel",
  "replaceSignIn",
  "deleteSession",
  "deleteSessionAtVersion",
  "deleteSessionsOfUser",
  "listSessionsOfUser",
  "rememberReplaced",
  "rememberOnce",
  "rememberDevice",
  "forgetDevices",
  "wasReplaced",
  "deleteExpiredSessions",
  "takeLease",
  "readClock",
  "appendLog",
  "readLog",
  "appendAudit",
  "readAudit",
  "deleteOldAudit",
  "forgetAudit",
  "listKeys",
  "insertKey",
  "rewrapKey",
  "deleteKey",
] as const satisfies readonly (keyof SessionStore)[];

type Operation = (typeof OPERATIONS)[number];

/** Keeps all sessions of an app. */
export class SessionsObject extends DurableObject<DurableStorage> {
  readonly #store = d1(databaseOf(this.ctx.storage));

  call(operation: Operation, args: readonly unknown[]): unknown {
    return Reflect.apply(this.#store[operation] as (...args: readonly unknown[]) => unknown, this.#store, args);
  }
}

/** The used part of a binding of Durable Objects (`DurableObjectNamespace<SessionsObject>`). */
export interface SessionsNamespace {
  getByName(name: string): { call(operation: Operation, args: readonly unknown[]): Promise<unknown> };
}

/** A store for the Worker: each operation is one call of the object. */
export function durableObjectStore(namespace: SessionsNamespace): SessionStore {
  // A stub is broken after an error of the connection, so each call gets its own.
  const call =
    (operation: Operation) =>
    (...args: readonly unknown[]): Promise<unknown> =>
      namespace.getByName("sessions").call(operation, args);
  const operations = Object.fromEntries(OPERATIONS.map((operation) => [operation, call(operation)]));
  return {
    ...(operations as unknown as Pick<SessionStore, Operation>),
    kind: "Durable Object",
    timeout: 10_000,
    async close() {},
  };
}
