/** A real Express server over the library, and what tests send to it. */
import { createRequire } from "node:module";
import {
  type CookieNames,
  createSessions,
  type CounterfoilConfig,
  Error as AuthError,
  type Sessions,
} from "counterfoil";
import {
  createNewSession,
  errorHandler,
  type VerifySessionOptions,
  refreshSession,
  type SessionRoutesOptions,
  sessionRoutes,
  verifySession,
  findSession,
} from "counterfoil/express";
import { memory, type SessionStore } from "counterfoil/memory";
import express5, { type Application, type Request, type RequestHandler, type Response } from "express";
import { listen } from "../fixtures/listen.ts";
import { switchable, type SwitchableStore } from "../store/switchable-store.ts";
import { type RawResponse, cookieHeader, send, type Sent, sessionCookiesOf } from "./send.ts";

// Express 4 comes without types of its own; what the tests use is the same in both.
const express4 = createRequire(import.meta.url)("express4") as typeof express5;

/** For what depends on the framework: bodies, mounted routers and paths. */
export const BOTH_FRAMEWORKS = [
  { name: "Express 4", express: express4 },
  { name: "Express 5", express: express5 },
] as const;

/**
 * For the rules, which know nothing of the framework. Express 4 has the clauses of test/adapters.
 */
export const FRAMEWORKS = [BOTH_FRAMEWORKS[1]] as const;

export type Express = (typeof BOTH_FRAMEWORKS)[number]["express"];

/** When each test begins, ms since the epoch. */
export const START = 1_790_000_000_000;
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const DAY = 24 * 60 * MINUTE;

export const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"] as const;
/** The methods that change nothing, which the rules about cross-site requests let pass. */
export const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

export interface AppSpec {
  /**
   * Of an app that ran before, whose sessions this one goes on with. Its config must have the same
   * secret.
   */
  readonly successorOf?: TestApp;
  readonly express: Express;
  /** Default: a memory store. */
  readonly inner?: SessionStore;
  readonly config?: Omit<CounterfoilConfig, "store" | "clock">;
  /** Options of the ready routes. */
  readonly routes?: SessionRoutesOptions;
  /** Options of `/api`. */
  readonly protect?: VerifySessionOptions;
  /** Middleware before the session routes. */
  readonly before?: (app: Application, sessions: Sessions) => void;
  /** Routes beside `/login`, `/api` and `/renew`. */
  readonly extend?: (app: Application, sessions: Sessions) => void;
  /** Told of each error that reaches the app's own handler. */
  readonly onAppError?: (error: unknown) => void;
}

export interface TestApp extends AsyncDisposable {
  readonly port: number;
  readonly sessions: Sessions;
  readonly store: SwitchableStore;
  /** The time of the instance; tests set it. */
  readonly clock: { now: number };
  /** Errors that reached the app's own handler, which answers 500. */
  readonly appErrors: readonly unknown[];
  send(sent: Sent): Promise<RawResponse>;
}

/** A handler that may reject also in Express 4. */
export function route(handler: (request: Request, response: Response) => Promise<void>): RequestHandler {
  return (request, response, next) => {
    handler(request, response).catch(next);
  };
}

/**
 * `/login?user=` signs in, `/api` is protected, `/renew` refreshes in the page's style; each with
 * every method.
 */
export async function startApp({
  successorOf,
  express,
  inner = memory(),
  config,
  routes,
  protect,
  before,
  extend,
  onAppError,
}: AppSpec): Promise<TestApp> {
  const clock = successorOf?.clock ?? { now: START };
  const store = successorOf?.store ?? switchable(inner);
  const sessions = createSessions({ ...config, store: store.store, clock: () => clock.now });
  const appErrors: unknown[] = [];
  const app = express();

  before?.(app, sessions);
  app.use(sessionRoutes({ sessions, ...routes }));
  app.all(
    "/login",
    route(async (request, response) => {
      const { user = "alice", role = "member", label } = request.query as Record<string, string | undefined>;
      // A query may name it twice.
      const details = { jwtPayload: { role }, ...(typeof label === "string" ? { deviceLabel: label } : {}) };
      await createNewSession(request, response, user, { sessions, ...details });
      response.json({ ok: true });
    }),
  );
  app.all("/api", verifySession({ sessions, ...protect }), (request: Request, response: Response) => {
    response.json({
      user: findSession(request)?.getUserId() ?? null,
      claims: findSession(request)?.getJWTPayload() ?? null,
    });
  });
  app.all(
    "/renew",
    route(async (request, response) => {
      const session = await refreshSession(request, response, { sessions });
      response.json({ user: session.getUserId() });
    }),
  );
  extend?.(app, sessions);
  app.use(errorHandler({ sessions }));
  // Express knows an error handler by its four parameters.
  app.use((error: unknown, _request: Request, response: Response, _next: unknown) => {
    appErrors.push(error);
    onAppError?.(error);
    if (!response.headersSent) response.status(500).json({ app: codeOf(error) });
  });

  const { port, close } = await listen(app);
  return {
    port,
    sessions,
    store,
    clock,
    appErrors,
    send: (sent) => send(port, sent),
    async [Symbol.asyncDispose]() {
      await close();
      store.up();
      await sessions.close();
    },
  };
}

export const codeOf = (error: unknown): string =>
  AuthError.isErrorFromAuth(error) ? error.code : error instanceof Error ? error.message : String(error);

/** What a browser holds of a session. */
export interface Credentials {
  readonly access: string;
  readonly refresh: string;
  readonly marker: string;
  readonly antiCsrf: string;
  readonly handle: string;
  /** As the answer spelled them. */
  readonly names: CookieNames;
}

/** The cookies that an answer set; those that it did not set stay as they were in `before`. */
export function credentialsOf(answer: RawResponse, before?: Credentials): Credentials {
  const set = sessionCookiesOf(answer);
  const marker = set.marker?.value ?? before?.marker ?? "";
  return {
    access: set.access?.value ?? before?.access ?? "",
    refresh: set.refresh?.value ?? before?.refresh ?? "",
    marker,
    antiCsrf: answer.header("anti-csrf") ?? before?.antiCsrf ?? "",
    handle: marker.split(".")[1] ?? "",
    names: {
      access: set.access?.name ?? before?.names.access ?? "",
      refresh: set.refresh?.name ?? before?.names.refresh ?? "",
      marker: set.marker?.name ?? before?.names.marker ?? "",
    },
  };
}

/** Signs in over HTTP. `query` may name user, role and label; `headers` are sent along. */
export async function signIn(app: TestApp, query = "user=alice", headers = {}): Promise<Credentials> {
  const answer = await app.send({ method: "POST", path: `/login?${query}`, headers });
  if (answer.status !== 200) throw new Error(`signing in was answered ${answer.status} ${answer.text}`);
  return credentialsOf(answer);
}

/**
 * The `Cookie` header with which a browser calls a route; only the refresh route gets the refresh
 * token.
 */
export const apiCookies = ({ access, marker, names }: Credentials): string =>
  cookieHeader([
    [names.access, access],
    [names.marker, marker],
  ]);

export const refreshCookies = ({ access, refresh, marker, names }: Credentials): string =>
  cookieHeader([
    [names.access, access],
    [names.refresh, refresh],
    [names.marker, marker],
  ]);

/** Sends the refresh request of a browser. */
export const refresh = (app: TestApp, credentials: Credentials, path = "/session/refresh"): Promise<RawResponse> =>
  app.send({ method: "POST", path, headers: { cookie: refreshCookies(credentials) } });

/** Which of some sessions can still be refreshed. */
export async function alive(app: TestApp, ...all: readonly Credentials[]): Promise<boolean[]> {
  const statuses: boolean[] = [];
  for (const one of all) statuses.push((await refresh(app, one)).status === 200);
  return statuses;
}

/** Calls `/api`, with the anti-CSRF token. */
export const callApi = (app: TestApp, credentials: Credentials, method = "POST"): Promise<RawResponse> =>
  app.send({
    method,
    path: "/api",
    headers: { cookie: apiCookies(credentials), "anti-csrf": credentials.antiCsrf },
  });

/** `Max-Age` and `Expires` of a line that sets a cookie for some seconds from now on. */
export const lifetime = (app: TestApp, seconds: number): string =>
  `Max-Age=${seconds}; Expires=${new Date(app.clock.now + seconds * SECOND).toUTCString()}`;

/** `Max-Age` and `Expires` of a line that clears a cookie. */
export const OVER = "Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/** The lines that clear the three cookies with the default config, in their order. */
export const clearedOf = ({ names }: Pick<Credentials, "names">): readonly string[] => [
  `${names.refresh}=; ${OVER}; Path=/session/refresh; HttpOnly; Secure; SameSite=Lax`,
  `${names.marker}=; ${OVER}; Path=/; Secure; SameSite=Lax`,
  `${names.access}=; ${OVER}; Path=/; HttpOnly; Secure; SameSite=Lax`,
];
