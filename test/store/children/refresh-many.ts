/** Presents one token many times at once, for each command; reports what came back. */
import { codeOf, nextCommand, open, report } from "./child.ts";

export interface RefreshMany {
  readonly token: string;
  readonly count: number;
  readonly now: number;
}

export interface RefreshedMany {
  /** The refresh tokens that were handed out. */
  readonly tokens: readonly string[];
  /** Codes of the errors. */
  readonly refusals: readonly string[];
  readonly events: readonly string[];
}

const { sessions, at, takeEvents } = await open();
await sessions.ready();
report("ready");
for (;;) {
  const command = await nextCommand<RefreshMany>();
  if (command === undefined) break;
  at(command.now);
  const calls = Array.from({ length: command.count }, () => sessions.refreshSession(command.token));
  const tokens: string[] = [];
  const refusals: string[] = [];
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === "fulfilled") tokens.push(result.value.newRefreshToken.value);
    else refusals.push(codeOf(result.reason));
  }
  report({ tokens, refusals, events: takeEvents() } satisfies RefreshedMany);
}
