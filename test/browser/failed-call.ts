import type { ClientPage } from "./client-page.ts";
import type { ClientPageScript } from "./pages/client-page.ts";

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
 * Calls one after the other, as an app does that does not give up, until an answer is 200.
 *
 * @param isOnline whether the browser also says each time that it is online
 */
export function insist({ tab }: ClientPage, isOnline = false): Promise<void> {
  return tab.evaluate(async (tell) => {
    let status = 0;
    while (status !== 200) {
      if (tell) globalThis.dispatchEvent(new Event("online"));
      status = await page.client.fetch("/me").then(
        (answer) => answer.status,
        () => 0,
      );
      // The page has other things to do, too.
      await new Promise((resolve) => setTimeout(resolve));
    }
  }, isOnline);
}

/** How long after each failed refresh the next one was over, ms by the page's clock: at least as long as the server was left alone. */
export async function pausesOf(client: ClientPage): Promise<readonly number[]> {
  const refreshes = (await client.events()).filter(({ name }) => name.startsWith("refresh"));
  const times = refreshes.map(({ at }) => at);
  return times.slice(1).map((at, n) => at - (times[n] ?? Number.NaN));
}

/** Whether so many ms have passed in the page since the client last told something. */
export const hasPassed = ({ tab }: ClientPage, ms: number): Promise<boolean> =>
  tab.evaluate((time) => performance.now() > page.events.at(-1)!.at + time, ms);
