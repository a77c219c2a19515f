import { interceptFetch, type Interception } from "../intercept-fetch.ts";
import type { PreparedCall } from "../session-calls.ts";
import type { SessionClient } from "../session-client.ts";
import { SessionClientError } from "../session-client-error.ts";
import {
  eventOf,
  type KnownState,
  type LoadingSession,
  type SessionClientEvents,
  type SessionState,
  type SignedIn,
  type SignedOut,
} from "../session-events.ts";
import type { SessionResponse } from "../session-fetch.ts";

/** A user of a fake client. A `SignedIn` state is one, too. */
export interface FakeUser<Claims = unknown> {
  /** The user. */
  readonly userId: string | number;
  /** The app's `jwtPayload`. Default `{}`. */
  readonly claims?: Claims;
  /** The public name of the session. Default: a new name, or the current one for the same user. */
  readonly handle?: string | undefined;
  /** False if the session's cookies end with the browser. Default: absent. */
  readonly persistent?: false | undefined;
  /** When the access token expires, in ms since the epoch. Default: undefined. */
  readonly accessExpires?: number | undefined;
}

/** A state of a fake client: a user who is signed in, or the state that the page shall see. */
export type FakeState<Claims = unknown> = FakeUser<Claims> | SignedOut | LoadingSession;

/** Options of `fakeSessionClient`. */
export interface FakeSessionClientOptions<Claims = unknown> {
  /**
   * Sends the requests of the client. It gets the arguments of the call unchanged. Default: the
   * global `fetch` of that moment.
   */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * The user whom `signIn` signs in. Default: the user of the first state, else one with the
   * `userId` `"user"`.
   */
  readonly user?: FakeUser<Claims>;
}

/** A session client without a server, for tests of pages. */
export interface FakeSessionClient<Claims = unknown> extends SessionClient<Claims> {
  /**
   * Changes what `session()` returns, and tells all listeners as the real client does: `change`,
   * and `signed-in`, `user-changed`, `refreshed` or `signed-out`.
   */
  setState(state: FakeState<Claims>): void;
  /** Calls the listeners of an event, for instance of `refresh-failed`. The state stays. */
  emit<Name extends keyof SessionClientEvents>(event: Name, detail: SessionClientEvents<Claims>[Name]): void;
}

let sessions = 0;

/** As long as the handles of a server. */
const newHandle = (): string => `fake-${String((sessions += 1)).padStart(19, "0")}`;

/**
 * Makes a session client for tests of pages: for `SessionProvider`, and for whatever takes a
 * client. It has no cookies, no storage and no other tabs, and never refreshes by itself. `fetch`
 * passes every request on. `signIn` does so, too, and signs its user in if the response is `ok`.
 * `signOut` and `refresh` change the state and send nothing. `withDevices` and `onStepUp` work
 * with it.
 *
 * @param state what `session()` returns first. Default: nobody is signed in
 * @example
 * ```ts
 * import { fakeSessionClient } from "counterfoil/testing";
 *
 * const client = fakeSessionClient({ userId: "alice", claims: { role: "admin" } });
 * client.subscribe(() => console.log(client.session().status));
 * client.setState({ status: "signed-out", reason: "ended" });
 * ```
 */
export function fakeSessionClient<Claims = unknown>(
  state: FakeState<Claims> = { status: "signed-out" },
  { fetch, user }: FakeSessionClientOptions<Claims> = {},
): FakeSessionClient<Claims> {
  const target = new EventTarget();
  let interception: Interception | undefined;
  let now = complete(state, undefined);
  let announced: KnownState | undefined = now.status === "loading" ? undefined : now;
  const signsIn: FakeUser<Claims> =
    user ?? (now.status === "signed-in" ? { ...now, handle: undefined } : { userId: "user" });

  const emit = (event: string, detail: unknown): void => void target.dispatchEvent(new CustomEvent(event, { detail }));
  const send: typeof globalThis.fetch = (...given) => (fetch ?? interception?.original ?? globalThis.fetch)(...given);

  function setState(next: FakeState<Claims>): void {
    now = complete(next, now);
    emit("change", now);
    if (now.status === "loading") return;
    const before = announced;
    announced = now;
    if (before) emit(eventOf(before, now), now);
  }

  async function callApi(input: string | URL | Request, init?: RequestInit): Promise<SessionResponse> {
    const request = isRequest(input) ? input : undefined;
    const canResend = !isStream(init?.body) && !isStream(request?.body);
    const method = init?.method ?? request?.method ?? "GET";
    let call = prepare({ url: isRequest(input) ? input.url : input.toString(), method });
    for (;;) {
      const response: SessionResponse = await send(input, init);
      // Step-up replaces `judge`, and a test's own response may have no headers.
      const verdict = response.headers && (await client.judge(call, response, canResend));
      if (!verdict) return response;
      if (verdict instanceof SessionClientError) return Object.assign(response, { sessionError: verdict });
      call = verdict;
    }
  }

  const prepare = ({ url, method }: Pick<PreparedCall, "url" | "method">): PreparedCall => ({
    headers: {},
    url,
    method,
    marker: now.status === "signed-in" ? now.handle : undefined,
    owner: undefined,
    isSecond: false,
  });

  const client: FakeSessionClient<Claims> = {
    setState,
    emit,
    prepare: async (call) => prepare(call),
    judge: async () => undefined,
    fetch: callApi,
    async signIn(input, init) {
      const response = await send(input, init);
      if (response.ok) setState({ ...signsIn, handle: signsIn.handle ?? newHandle() });
      return response;
    },
    session: () => now,
    async refresh() {
      if (now.status !== "signed-out") setState(now.status === "loading" ? signsIn : now);
      return now;
    },
    async signOut() {
      if (now.status !== "signed-out") setState({ status: "signed-out", reason: "sign-out" });
      return true;
    },
    on(event, listener) {
      const hear = (happened: Event): void => listener((happened as CustomEvent).detail as never);
      target.addEventListener(event, hear);
      return () => target.removeEventListener(event, hear);
    },
    subscribe: (listener) => client.on("change", listener),
    intercept() {
      interception ??= interceptFetch(callApi);
      return restore;
    },
    dispose: restore,
  };

  function restore(): void {
    interception?.undo();
    interception = undefined;
  }

  return client;
}

/** Always another object, as after each change of a real client. */
function complete<Claims>(next: FakeState<Claims>, before: SessionState<Claims> | undefined): SessionState<Claims> {
  if (!("userId" in next)) return { ...next };
  const { userId, claims = {} as Claims, persistent, accessExpires } = next;
  const isSame = before?.status === "signed-in" && before.userId === userId;
  const handle = next.handle ?? (isSame ? before.handle : newHandle());
  const signedIn: SignedIn<Claims> = { status: "signed-in", handle, userId, claims, accessExpires };
  return persistent === undefined ? signedIn : { ...signedIn, persistent };
}

/** Without `Request`, which some test environments lack. */
const isRequest = (input: string | URL | Request): input is Request => typeof input === "object" && "url" in input;

/** Without `ReadableStream`, which some test environments lack. */
const isStream = (body: unknown): boolean => typeof body === "object" && body !== null && "getReader" in body;
