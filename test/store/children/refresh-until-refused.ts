/**
 * Refreshes many sessions side by side, each until it is refused, and reports when each call began
 * and how it ended.
 */
import { codeOf, type Opened, report } from "./child.ts";

export interface TimedRefresh {
  readonly session: number;
  /** ns on the machine's monotonic clock, which all processes share. */
  readonly began: string;
  readonly outcome: string;
}

export async function refreshUntilRefused({ sessions }: Opened, tokens: readonly string[]): Promise<void> {
  async function refresh(session: number, first: string): Promise<void> {
    let token = first;
    let refusals = 0;
    // A few more calls after the first refusal: it must stay one.
    while (refusals < 3) {
      const began = process.hrtime.bigint().toString();
      try {
        token = (await sessions.refreshSession(token)).newRefreshToken.value;
        report({ session, began, outcome: "ok" } satisfies TimedRefresh);
      } catch (error) {
        refusals += 1;
        report({ session, began, outcome: codeOf(error) } satisfies TimedRefresh);
      }
      await new Promise(setImmediate);
    }
  }
  await Promise.all(tokens.map((token, session) => refresh(session, token)));
}
