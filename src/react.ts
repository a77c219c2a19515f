"use client";
/**
 * Who is signed in, for React 18 and 19: hooks and a guard over the client of `counterfoil/browser`.
 *
 * @module
 */
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
import { type ShownSession, showSession } from "./lib/browser/react/react-hydration.ts";
import type { SessionClient } from "./lib/browser/session-client.ts";
import type { SessionClientEvents, SessionState, SignedIn as SignedInState } from "./lib/browser/session-events.ts";
import type { ClientSession } from "./protocol.ts";

const Shown = createContext<ShownSession | undefined>(undefined);

export interface SessionProviderProps {
  /** Stays the owner's: the provider never disposes of it. One for all requests will do on a server, where it knows nobody. */
  readonly client: SessionClient;
  /**
   * Whom the server renders the page for; null: nobody is signed in. Give it the same on the server and in the page. Left out, the server
   * renders `loading`. Counts for the first render only; from then on the client knows.
   */
  readonly initialSession?: ClientSession | null | undefined;
  readonly children?: ReactNode;
}

/**
 * Gives the components below it the client and its session.
 *
 * @example
 * ```tsx
 * const client = createSessionClient();
 *
 * createRoot(document.body).render(
 *   <SessionProvider client={client}>
 *     <App />
 *   </SessionProvider>,
 * );
 * ```
 */
export function SessionProvider({ client, initialSession, children }: SessionProviderProps): ReactElement {
  const shown = useMemo(() => showSession(client, initialSession), [client]);
  return createElement(Shown.Provider, { value: shown }, children);
}

/**
 * Who is signed in. Renders once for each change, in this tab or another one. `Claims` is the app's word for the type of its `jwtPayload`.
 * Rendered by a server, and until the page is hydrated, it says what the provider's `initialSession` says, without `accessExpires`.
 *
 * @throws TypeError where no `SessionProvider` stands above
 * @example
 * ```tsx
 * function Role() {
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
 * The provider's client, to sign in and out.
 *
 * @throws TypeError where no `SessionProvider` stands above
 * @example
 * ```tsx
 * function SignOut() {
 *   const client = useSessionClient();
 *   return <button onClick={() => client.signOut()}>Sign out</button>;
 * }
 * ```
 */
export function useSessionClient<Claims = unknown>(): SessionClient<Claims> {
  return useShown().client as SessionClient<Claims>;
}

/**
 * The `fetch` of the provider's client. The same function in each render, so it can stand among the dependencies of an effect.
 *
 * @throws TypeError where no `SessionProvider` stands above
 * @example
 * ```tsx
 * const fetch = useSessionFetch();
 * const like = () => fetch("/api/like", { method: "POST" });
 * ```
 */
export function useSessionFetch(): SessionClient["fetch"] {
  return useShown().client.fetch;
}

/**
 * Calls the listener on an event of the client while the component is mounted, and renders nothing.
 *
 * @param listener that of the last render is called; it needs no `useCallback`
 * @throws TypeError where no `SessionProvider` stands above
 * @example
 * ```tsx
 * useSessionEvent("user-changed", () => queryClient.clear());
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

export interface SignedInProps<Claims = unknown> {
  /** What only users see. A function gets the session. */
  readonly children?: ReactNode | ((session: SignedInState<Claims>) => ReactNode);
  /** What all others see. Default: nothing. */
  readonly fallback?: ReactNode;
  /** What is seen until it is known who is signed in. Default: nothing. */
  readonly loading?: ReactNode;
}

/**
 * Renders its children for those who are signed in. It hides, and protects nothing: the server does that, for each of its answers.
 *
 * @throws TypeError where no `SessionProvider` stands above
 * @example
 * ```tsx
 * <SignedIn fallback={<SignInForm />}>{({ userId }) => <p>Hello {userId}</p>}</SignedIn>
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
