import { expect } from "vitest";
import type { ClientPage } from "./client-page.ts";
import { passInPage } from "./page-clocks.ts";
import type { ClientPageScript } from "./pages/client-page.ts";
import type { SessionServer } from "./session-server.ts";

declare const page: ClientPageScript;

/** What became of a call for which no token was to be had. */
export interface CallOutcome {
  /** Of the answer; undefined when the call was rejected. */
  readonly status?: number;
  readonly text?: string;
  readonly code?: string;
  /** Of the refresh. */
  readonly refreshStatus?: number;
  readonly retryAfter?: number;
  /** What a call was rejected with that is none of our errors. */
  readonly other?: string;
}

export function outcomeOf({ tab }: ClientPage, url: string, init: RequestInit = {}): Promise<CallOutcome> {
  return tab.evaluate(
    async (to) => {
      const explain = (error: Error | undefined): CallOutcome => {
        if (error === undefined) return {};
        if (!(error instanceof page.counterfoil.SessionClientError)) return { other: String(error) };
        const { code, status, retryAfter } = error;
        return {
          code,
          ...(status !== undefined && { refreshStatus: status }),
          ...(retryAfter !== undefined && { retryAfter }),
        };
      };
      try {
        const answer = await page.client.fetch(to.url, to.init);
        return { ...explain(answer.sessionError), status: answer.status, text: await answer.text() };
      } catch (error) {
        return explain(error as Error);
      }
    },
    { url, init },
  );
}

/**
 * Lets a pause go by on the stopped clock of a page: until its last millisecond no call brings a
 * refresh.
 *
 * @param whenCalled what else an app does with each call
 */
export async function expectPause(
  { server, client }: { readonly server: SessionServer; readonly client: ClientPage },
  ms: number,
  whenCalled: () => Promise<void> = async () => {},
): Promise<void> {
  const call = async (): Promise<void> => {
    await whenCalled();
    expect((await outcomeOf(client, "/me")).status).toBe(401);
  };
  await call();
  await passInPage(client.tab, ms - 1);
  await call();
  expect(server.takeCalls()).toEqual(["GET /me 401", "GET /me 401"]);
  await passInPage(client.tab, 1);
}
