import type { ClientSession } from "../../../protocol.ts";
import type { SessionClient } from "../session-client.ts";
import type { SessionState, SignedIn, SignedOut } from "../session-events.ts";

/**
 * What one provider shows of its client. Each function needs no `this`, and returns the same object
 * until something changes.
 */
export interface ShownSession {
  readonly client: SessionClient;
  readonly read: () => SessionState;
  /** What the server has rendered, and the first render of the page repeats. */
  readonly readRendered: () => SessionState;
}

/**
 * @param initialSession whom the server has rendered for; null: nobody; undefined: it did not look
 */
export function showSession(client: SessionClient, initialSession: ClientSession | null | undefined): ShownSession {
  const first = client.session();
  let rendered: SessionState = { status: "loading" };
  if (initialSession === null) rendered = { status: "signed-out" };
  if (initialSession) {
    const { handle, userId, claims } = initialSession;
    rendered = { status: "signed-in", handle, userId, claims, accessExpires: undefined };
  }
  // The client's own object, where the two agree, so that React finds nothing to render again.
  if (factsOf(first) === factsOf(rendered)) rendered = first;
  return {
    client,
    read: () => {
      const now = client.session();
      // While the client asks whose session it has found, the server's word stands.
      return now === first && now.status === "loading" && initialSession ? rendered : now;
    },
    readRendered: () => rendered,
  };
}

type Fact = keyof SignedIn | keyof SignedOut;

/** All but the time of expiry, which the server does not render. */
function factsOf(state: SessionState): string {
  const { status, handle, userId, claims, reason } = state as Partial<Record<Fact, unknown>>;
  return JSON.stringify([status, handle, userId, claims, reason]);
}
