import { isErrorFromAuth, type SessionError } from "../../errors.ts";
import type { KeyRecord } from "../../key/key-record.ts";
import type { SessionPage } from "../../session/list-sessions.ts";
import type { HttpContext } from "../context.ts";
import { noted } from "./console-changes.ts";
import type { Asked } from "./console-request.ts";

/** What the store says. Each part is undefined if it was not asked for, or the store failed. */
export interface ConsoleFacts {
  readonly found: SessionPage | undefined;
  readonly keys: readonly Omit<KeyRecord, "wrappedSeed">[] | undefined;
  readonly failures: readonly SessionError[];
}

/** The most sessions on a page. */
const PAGE = 50;

/** Reads what the page shows. An outage leaves a page with the rest of the facts. */
export async function readFacts(
  http: HttpContext,
  operator: string | null,
  { search, after }: Asked,
): Promise<ConsoleFacts> {
  const failures: SessionError[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isErrorFromAuth(error)) throw error;
      failures.push(error);
      return undefined;
    }
  };
  const { calls, ready, store } = http.session;
  const found = await attempt(async () => {
    if (search.kind !== "user") return undefined;
    const { userId } = search;
    return noted(http, { operator, action: "list-sessions", userId }, () =>
      http.sessions.getSessionsForUser(userId, { limit: PAGE, after }),
    );
  });
  const keys = await attempt(() =>
    calls.run(async () => {
      await ready();
      return store.listKeys();
    }),
  );
  return { found, keys, failures };
}
