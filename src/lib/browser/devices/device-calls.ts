import { CURSOR_PARAMETER, LABEL_HEADER, RENAME_ROUTE, REVOKE_ROUTE, SESSIONS_ROUTE } from "../../../protocol.ts";
import type { SessionClient } from "../session-client.ts";
import { SessionClientError } from "../session-client-error.ts";
import { readStepUp } from "../step-up-demand.ts";

/** One live session of the user. Times are in ms since the epoch, by the server's clock. */
export interface OwnSession {
  /** The public name of the session. */
  readonly handle: string;
  /** Whether it is the session of this browser. */
  readonly current: boolean;
  /** When the session began. */
  readonly createdAt: number;
  /** When the session was last refreshed. */
  readonly lastSeenAt: number;
  /** When the session ends if it is not refreshed. */
  readonly expiresAt: number;
  /** The device that last refreshed the session. */
  readonly device: {
    /** A network, not an address: `"203.0.113.0/24"`. */
    readonly ip?: string;
    /** For instance `"Firefox on Linux"`. */
    readonly userAgent?: string;
    /** Where the network is, if the server has the hook `locate`. */
    readonly location?: string;
    /** The name that the app or the user gave to the session. */
    readonly label?: string;
  };
  /**
   * Whether the user had signed in from such a device before. Absent if the server does not look.
   */
  readonly knownDevice?: boolean;
  /** Who acts for the user in this session. Absent if the user does. */
  readonly actor?: { readonly userId: string | number; readonly handle: string };
  /** The kind of key that the session is bound to; null: none. */
  readonly binding: string | null;
}

/** One page of the user's sessions. */
export interface OwnSessionPage {
  /** The sessions, newest first. May be few, or none, although another page follows. */
  readonly sessions: readonly OwnSession[];
  /** The cursor of the next page. Absent on the last page. */
  readonly next?: string;
}

/** Which page to get. */
export interface PageRequest {
  /** `next` of the page before. Default: the first page. */
  readonly after?: string | undefined;
  /** Ends the call. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The calls of a user's list of devices. Each goes through the client's `fetch`, so it refreshes,
 * and belongs to the user of the moment.
 *
 * Each throws a SessionClientError: what `fetch` throws; `STEP_UP_REQUIRED` if the sign-in is too
 * old for it; `CALL_REFUSED` if the server refuses it for another reason, or something else
 * responds. Without a network it throws the `TypeError` of `fetch`.
 */
export interface DeviceCalls {
  /** Gets a page of the user's live sessions, newest first. */
  sessions(page?: PageRequest): Promise<OwnSessionPage>;
  /**
   * Ends one session of the user. Ending the current one signs out.
   *
   * @returns whether there was such a session
   */
  endSession(handle: string): Promise<boolean>;
  /**
   * Ends all sessions of the user but the current one.
   *
   * @returns how many there were
   */
  endOtherSessions(): Promise<number>;
  /**
   * Gives a session of the user a name, which is cut after 100 characters.
   *
   * @param label null or an empty string removes the name
   * @returns whether there is such a session
   */
  renameSession(handle: string, label: string | null): Promise<boolean>;
}

/** Where the session routes are: the same options as those of `createSessionClient`. */
export interface DeviceCallOptions {
  /** Origin of the API; of several, the first has the routes. Default: the origin of the page. */
  readonly api?: string | readonly [string, ...string[]];
  /** `http.basePath` of the server, for instance `"/shop"`. Default: none. */
  readonly basePath?: string;
}

/**
 * Makes the calls of a user's list of devices, over the ready routes of the server.
 *
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 * import { createDeviceCalls } from "counterfoil/devices";
 *
 * const devices = createDeviceCalls(createSessionClient());
 * for (const { handle, current, device } of (await devices.sessions()).sessions)
 *   if (!current && device.userAgent === "Firefox on Linux") await devices.endSession(handle);
 * ```
 */
export function createDeviceCalls(
  client: Pick<SessionClient, "fetch">,
  { api = globalThis.location?.origin ?? "", basePath = "" }: DeviceCallOptions = {},
): DeviceCalls {
  const base = [api].flat()[0] + basePath;

  async function call<Body>(
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    init?: RequestInit,
  ): Promise<Body> {
    const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const response = await client.fetch(`${base + path}?${new URLSearchParams(pairs)}`, init);
    const { status, sessionError, ok } = response;
    if (sessionError) throw sessionError;
    if (readStepUp(response)) throw new SessionClientError("STEP_UP_REQUIRED", undefined, { status });
    const body: unknown = await response.json().catch(() => undefined);
    // A captive portal says 200, too, and so does the page's own server for every path.
    if (!ok || typeof body !== "object" || body === null) {
      const advice = ok || status === 404 ? ", and is no session route: compare api and basePath" : "";
      throw new SessionClientError("CALL_REFUSED", `${base + path} answered ${status}${advice}`, { status });
    }
    return body as Body;
  }

  const POST = { method: "POST" };
  return {
    sessions: ({ after, signal = null } = {}) => call(SESSIONS_ROUTE, { [CURSOR_PARAMETER]: after }, { signal }),
    endSession: async (handle) => (await call<{ revoked: number }>(REVOKE_ROUTE, { handle }, POST)).revoked > 0,
    endOtherSessions: async () => (await call<{ revoked: number }>(REVOKE_ROUTE, { others: "true" }, POST)).revoked,
    async renameSession(handle, label) {
      const headers = { [LABEL_HEADER]: encodeURIComponent(label ?? "") };
      return (await call<{ renamed: number }>(RENAME_ROUTE, { handle }, { ...POST, headers })).renamed > 0;
    },
  };
}

/**
 * Adds the calls to a client: `client.sessions()`, `client.endSession(handle)`.
 *
 * @returns the same client
 * @example
 * ```ts
 * import { createSessionClient } from "counterfoil/browser";
 * import { withDevices } from "counterfoil/devices";
 *
 * const client = withDevices(createSessionClient());
 * console.log(await client.endOtherSessions(), "sessions ended");
 * ```
 */
export function withDevices<Client extends Pick<SessionClient, "fetch">>(
  client: Client,
  options?: DeviceCallOptions,
): Client & DeviceCalls {
  return Object.assign(client, createDeviceCalls(client, options));
}
