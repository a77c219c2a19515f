import { type CodeOf, generalError, isErrorFromAuth, type SessionError } from "../errors.ts";
import { withoutData } from "./driver-error.ts";
import type { SessionStore, TransactionStore } from "./session-store.ts";
import { factOf } from "./store-error.ts";
import type { StoreObservers } from "./store-observers.ts";

/**
 * Wraps a store in a transaction of the app. Its errors have a code and no data of the driver, and
 * all other operations of a store are refused, because they would need another connection.
 *
 * @param failed called when a statement has failed
 */
export function guardTransaction(
  store: TransactionStore,
  { whole, observers, failed }: TransactionGuard,
): SessionStore {
  const guard =
    <N extends keyof TransactionStore>(name: N) =>
    async (...given: Parameters<TransactionStore[N]>): Promise<Awaited<ReturnType<TransactionStore[N]>>> => {
      const operate = store[name] as (...args: unknown[]) => Promise<unknown>;
      const work = async (): Promise<unknown> => {
        try {
          return await operate(...given);
        } catch (error) {
          failed();
          throw toTransactionError(error);
        }
      };
      return (await observers.run(name, work)) as Awaited<ReturnType<TransactionStore[N]>>;
    };

  return {
    ...refuseAll(whole),
    createSession: guard("createSession"),
    findSession: guard("findSession"),
    replaceClaims: guard("replaceClaims"),
    replaceData: guard("replaceData"),
    deleteSession: guard("deleteSession"),
    deleteSessionsOfUser: guard("deleteSessionsOfUser"),
    rememberDevice: guard("rememberDevice"),
  };
}

export interface TransactionGuard {
  readonly whole: SessionStore;
  readonly observers: StoreObservers;
  readonly failed: () => void;
}

/** The same operations, each of which fails. */
function refuseAll(whole: SessionStore): SessionStore {
  const refused = Object.entries(whole).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "function" ? () => Promise.reject(notHere(name)) : value,
  ]);
  return Object.fromEntries(refused) as SessionStore;
}

const notHere = (name: string): SessionError =>
  generalError("STORE_UNAVAILABLE", `${name} is not done within a transaction of the app; roll it back`);

/** A conflict and a wrong `query` have their own codes. Everything else is an outage. */
function toTransactionError(error: unknown): SessionError {
  const fact = isErrorFromAuth(error) ? factOf(error) : "a statement failed in the transaction of the app";
  if (fact === undefined) return error as SessionError;
  const code = isErrorFromAuth(error) ? (error.code as CodeOf<"GENERAL_ERROR">) : "STORE_UNAVAILABLE";
  const cause = isErrorFromAuth(error) ? error.cause : error;
  return generalError(code, `${fact}; roll the transaction back, and nothing is done`, withoutData(cause));
}
