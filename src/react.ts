/**
 * Hooks and a guard for React 18 and 19, over the client of `counterfoil/browser`.
 *
 * @module
 */
"use client";
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { createDeviceCalls, type DeviceCalls } from "./lib/browser/devices/device-calls.ts";
import { createOwnSessionList, type OwnSessions } from "./lib/browser/react/own-session-list.ts";
import { type ShownSession, showSession } from "./lib/browser/react/react-hydration.ts";
import type { SessionClient } from "./lib/browser/session-client.ts";
import type { SessionClientEvents, SessionState, SignedIn as SignedInState } from "./lib/browser/session-events.ts";
import type { ClientSession } from "./protocol.ts";

export type { OwnSession } from "./lib/browser/devices/device-calls.ts";
export type { OwnSessions } from "./lib/browser/react/own-session-list.ts";

const Shown = createContext<ShownSession | undefined>(undefined);

/** The props of `SessionProvider`. */
export interface SessionProviderProps {
  /**
   * The client. The provider does not dispose of it. On a server one client can serve all requests,
   * since it holds no session there.
   */
  readonly client: SessionClient;
  /**
   * The session for which the server renders the page; null if nobody is signed in. Pass the same
   * on the server and in the page. It counts for the first render. Default: the server renders
   * `loading`.
   */
  readonly initialSession?: ClientSession | null | undefined;
  /** The components that use the session. */
  readonly children?: ReactNode;
}

/**
 * Gives the components below it the client and its session.
 *
 * @example
 * ```tsx
 * import { createSessionClient } from "counterfoil/browser";
 * import { SessionProvider } from "counterfoil/react";
 *
 * const client = createSessionClient();
 * export const App = () => (
 *   <SessionProvider client={client}>
 *     <p>Hello</p>
 *   </SessionProvider>
 * );
 * ```
 */
export function SessionProvider({ client, initialSession, children }: SessionProviderProps): ReactElement {
  const shown = useMemo(() => showSession(client, initialSession), [client]);
  return createElement(Shown.Provider, { value: shown }, children);
}

/**
 * Returns who is signed in, and renders once for each change, in this tab or another. `Claims` is
 * the app's type of its `jwtPayload`; nothing checks it. On a server, and until the page is
 * hydrated, it returns `initialSession` of the provider, without `accessExpires`.
 *
 * @throws TypeError without a `SessionProvider` above
 * @example
 * ```tsx
 * import { useSession } from "counterfoil/react";
 *
 * export function Role() {
 *   const session = useSession<{ role: string }>();
 *   return session.status === "signed-in" ? <p>{session.claims.role}</p> : null;
 * }
 * ```
 */
export function useSession<Claims = unknown>(): SessionState<Claims> {
  const { client, read, readRendered } = useShown();
  return useSyncExternalStore(client.subscribe, read, readRendered) as SessionState<Claims>;
}

/**
 * Returns the client of the provider, to sign in and out.
 *
 * @throws TypeError without a `SessionProvider` above
 * @example
 * ```tsx
 * import { useSessionClient } from "counterfoil/react";
 *
 * export function SignOut() {
 *   const client = useSessionClient();
 *   return <button onClick={() => client.signOut()}>Sign out</button>;
 * }
 * ```
 */
export function useSessionClient<Claims = unknown>(): SessionClient<Claims> {
  return useShown().client as SessionClient<Claims>;
}

/**
 * Returns the `fetch` of the provider's client. It is the same function in each render, so effects
 * can depend on it.
 *
 * @throws TypeError without a `SessionProvider` above
 * @example
 * ```tsx
 * import { useSessionFetch } from "counterfoil/react";
 *
 * export function Like() {
 *   const fetch = useSessionFetch();
 *   return <button onClick={() => fetch("/api/like", { method: "POST" })}>Like</button>;
 * }
 * ```
 */
export function useSessionFetch(): SessionClient["fetch"] {
  return useShown().client.fetch;
}

/**
 * Calls a listener on an event of the client while the component is mounted.
 *
 * @param listener the function of the last render is called, so it needs no `useCallback`
 * @throws TypeError without a `SessionProvider` above
 * @example
 * ```tsx
 * import { useSessionEvent } from "counterfoil/react";
 *
 * export function ReloadOnChange() {
 *   useSessionEvent("user-changed", () => location.reload());
 *   return null;
 * }
 * ```
 */
export function useSessionEvent<Name extends keyof SessionClientEvents>(
  name: Name,
  listener: (detail: SessionClientEvents[Name]) => void,
): void {
  const client = useSessionClient();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => client.on(name, (detail) => latest.current(detail)), [client, name]);
}

/**
 * Returns the user's own sessions, to list devices and to end or name them. It asks the server when
 * the component is mounted, when another user or session begins, and after each change that it
 * makes. Its functions never reject: `error` says why one failed. On a server the list is empty,
 * and `isLoading` is true.
 *
 * For an API on another origin, or below a path, give the provider a client of `withDevices(client,
 * { api, basePath })`.
 *
 * @throws TypeError without a `SessionProvider` above
 * @example
 * ```tsx
 * import { useOwnSessions } from "counterfoil/react";
 *
 * export function Devices() {
 *   const { sessions, end } = useOwnSessions();
 *   return sessions.map(({ handle, device }) => (
 *     <button key={handle} onClick={() => end(handle)}>
 *       Sign out of {device.userAgent}
 *     </button>
 *   ));
 * }
 * ```
 */
export function useOwnSessions(): OwnSessions {
  const client: SessionClient & Partial<DeviceCalls> = useSessionClient();
  const { subscribe, read } = useMemo(
    () => createOwnSessionList(client, hasDevices(client) ? client : createDeviceCalls(client)),
    [client],
  );
  return useSyncExternalStore(subscribe, read, read);
}

const hasDevices = (client: Partial<DeviceCalls>): client is DeviceCalls => client.sessions !== undefined;

/** The props of `SignedIn`. */
export interface SignedInProps<Claims = unknown> {
  /** What users who are signed in see. A function gets the session. */
  readonly children?: ReactNode | ((session: SignedInState<Claims>) => ReactNode);
  /** What all others see. Default: nothing. */
  readonly fallback?: ReactNode;
  /** What everybody sees until the session is known. Default: nothing. */
  readonly loading?: ReactNode;
}

/**
 * Renders its children for users who are signed in. It only hides them: the server has to check
 * every request.
 *
 * @throws TypeError without a `SessionProvider` above
 * @example
 * ```tsx
 * import { SignedIn } from "counterfoil/react";
 *
 * export const Greeting = () => (
 *   <SignedIn fallback={<p>Please sign in</p>}>{({ userId }) => <p>Hello {userId}</p>}</SignedIn>
 * );
 * ```
 */
export function SignedIn<Claims = unknown>({ children, fallback, loading }: SignedInProps<Claims>): ReactNode {
  const session = useSession<Claims>();
  if (session.status === "loading") return loading;
  if (session.status === "signed-out") return fallback;
  return typeof children === "function" ? children(session) : children;
}

function useShown(): ShownSession {
  const shown = useContext(Shown);
  if (shown === undefined) throw new TypeError("no SessionProvider stands above this component");
  return shown;
}
