/** Presents one token many times at once, and tells what came back. */
import { codeOf, type Opened } from "./child.ts";

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

export async function refreshMany(
  { sessions, at, takeEvents }: Opened,
  { token, count, now }: RefreshMany,
): Promise<RefreshedMany> {
  at(now);
  const calls = Array.from({ length: count }, () => sessions.refreshSession(token));
  const tokens: string[] = [];
  const refusals: string[] = [];
  for (const result of await Promise.allSettled(calls)) {
    if (result.status === "fulfilled") tokens.push(result.value.newRefreshToken.value);
    else refusals.push(codeOf(result.reason));
  }
  return { tokens, refusals, events: takeEvents() };
}
