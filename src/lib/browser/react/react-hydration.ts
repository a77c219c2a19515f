import type { ClientSession } from "../../../protocol.ts";
import type { SessionClient } from "../session-client.ts";
import type { SessionState, SignedIn, SignedOut } from "../session-events.ts";

/**
 * The session that one provider shows. Each function works without `this`, and returns the same
 * object until something changes.
 */
export interface ShownSession {
  readonly client: SessionClient;
  readonly read: () => SessionState;
  /** The session in the server's HTML, which the first render of the page repeats. */
  readonly readRendered: () => SessionState;
}

/**
 * @param initialSession the session of the server's HTML; null if nobody was signed in; undefined
 * if the server did not check
 */
export function showSession(client: SessionClient, initialSession: ClientSession | null | undefined): ShownSession {
  const first = client.session();
  let rendered: SessionState = { status: "loading" };
  if (initialSession === null) rendered = { status: "signed-out" };
  if (initialSession) {
    const { handle, userId, claims } = initialSession;
    rendered = { status: "signed-in", handle, userId, claims, accessExpires: undefined };
  }
  // The client's own object if both agree, so that React does not render again.
  if (factsOf(first) === factsOf(rendered)) rendered = first;
  return {
    client,
    read: () => {
      const now = client.session();
      // While the client asks for the user, the server's information stays.
      return now === first && now.status === "loading" && initialSession ? rendered : now;
    },
    readRendered: () => rendered,
  };
}

type Fact = keyof SignedIn | keyof SignedOut;

/** All fields except the expiry, which the server does not render. */
function factsOf(state: SessionState): string {
  const { status, handle, userId, claims, reason } = state as Partial<Record<Fact, unknown>>;
  return JSON.stringify([status, handle, userId, claims, reason]);
}
