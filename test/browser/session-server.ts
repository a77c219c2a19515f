import type { RequestListener, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { type CounterfoilConfig, createSessions, type SessionEventName, type Sessions } from "counterfoil";
import {
  createNewSession,
  errorHandler,
  sessionRoutes,
  verifySession,
  findSession,
  sessionOf,
} from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type ErrorRequestHandler, type Express } from "express";
import { SECRET } from "../fixtures/constants.ts";
import { listen, type Listening } from "../fixtures/listen.ts";
import { addPages } from "./bundle-pages.ts";
import { CallLog, nameOf, type SeenCall } from "./call-log.ts";
import { beforeHeaders, StagedRoute } from "./staged-route.ts";

/** What Express ends requests with. */
const finalHandler = createRequire(import.meta.url)("finalhandler") as (
  ...pair: Parameters<RequestListener>
) => (error: unknown) => void;

const COUNTED = ["session-created", "session-refreshed", "session-revoked", "reuse-detected"] as const;
/** Of an access token, unless a config says otherwise; in ms. */
const VALIDITY = 15 * 60_000;

/** What `/login` takes. */
export interface SignInBody {
  readonly user: string;
  readonly claims?: object;
  /** Default: as the server is configured. */
  readonly persistent?: boolean;
  readonly amr?: readonly string[];
}

/** An app with pages, sessions and a clock that tests put ahead, for one site of its own. */
export class SessionServer {
  readonly sessions: Sessions;
  /** How many alarms the test wants; the stage counts them at its end. */
  expectedAlarms = 0;
  /** In whose name `/notes` and `/transfers` were called, in the order of the calls. */
  readonly writers: string[] = [];
  readonly #site: string;
  readonly #counts = new Map<SessionEventName, number>();
  readonly #calls = new CallLog();
  readonly #staged = new Map<string, StagedRoute>();
  /** What a test does to the refresh route. */
  readonly refresh: StagedRoute = this.at("POST /session/refresh");
  #ahead = 0;
  #rewrite: ((response: ServerResponse) => void) | undefined;
  #listening: Listening | undefined;

  /** @param site host of its origin, for instance `t1.localhost` */
  constructor(site: string, config: CounterfoilConfig = {}) {
    this.#site = site;
    this.sessions = createSessions({
      store: memory(),
      secret: SECRET,
      clock: () => Date.now() + this.#ahead,
      ...config,
      cookie: { secure: false, ...config.cookie },
    });
    for (const name of COUNTED) this.sessions.on(name, () => void this.#counts.set(name, this.count(name) + 1));
  }

  async start(): Promise<this> {
    this.#listening = await listen(this.#app());
    return this;
  }

  /** Cuts what is open. */
  async stop(): Promise<void> {
    await this.#listening?.close();
    await this.sessions.close();
  }

  /** Of its pages and its API. */
  get origin(): string {
    return `http://${this.#site}:${this.#listening?.port ?? 0}`;
  }

  /** The clock of the server goes ahead, beside running as clocks do. */
  advance(ms: number): void {
    this.#ahead += ms;
  }

  /** All access tokens expire now. */
  expire(): void {
    this.advance(VALIDITY + 1000);
  }

  /** How often an event was emitted. */
  count(name: (typeof COUNTED)[number]): number {
    return this.#counts.get(name) ?? 0;
  }

  /**
   * The calls since they were last taken, in the order of arrival, for instance `GET /me 200`;
   * without pages and preflights.
   */
  takeCalls(): readonly string[] {
    return this.takeTraffic()
      .map(({ call }) => call)
      .filter((call) => !call.startsWith("OPTIONS "));
  }

  /** The same with headers, bodies and preflights. */
  takeTraffic(): readonly SeenCall[] {
    return this.#calls.take();
  }

  /**
   * Resolves once so many such calls have come since calls were last taken, for instance `GET /me`,
   * or `GET /me 401`.
   */
  seen(call: string, count = 1): Promise<void> {
    return this.#calls.seen(call, count);
  }

  /** What a test does to a route, for instance `POST /login`. */
  at(call: string): StagedRoute {
    const staged = this.#staged.get(call) ?? new StagedRoute();
    this.#staged.set(call, staged);
    return staged;
  }

  /**
   * Holds calls to `GET /me` until so many have come, and then judges them all: they are refused in
   * the same moment. Each needs a query of its own, because a browser sends one GET of an address
   * at a time.
   */
  gather(count: number): void {
    this.at("GET /me").gather(count);
  }

  /** Changes the headers of answers just before they leave. */
  rewriteAnswers(rewrite: (response: ServerResponse) => void): void {
    this.#rewrite = rewrite;
  }

  #app(): Express {
    const { sessions } = this;
    const app = addPages(express());
    // Every answer in full, so that its status tells what happened.
    app.set("etag", false);
    app.use((request, response, next) => {
      this.#calls.add(request, response);
      if (this.#rewrite !== undefined) beforeHeaders(response, this.#rewrite);
      const staged = this.#staged.get(nameOf(request));
      if (staged === undefined) next();
      else staged.handle(request, response, next);
    });
    app.use(sessionRoutes({ sessions }));
    // Bodies are kept as they came, also those of calls that are refused.
    app.use(express.raw({ type: () => true, limit: "20mb" }));
    app.post("/login", async (req, res) => {
      const { user, claims, ...more } = JSON.parse(String(req.body)) as SignInBody;
      await createNewSession(req, res, user, { jwtPayload: claims ?? {}, ...more, sessions });
      res.json({ user });
    });
    app.get("/me", verifySession({ sessions }), (req, res) => {
      res.json({ user: sessionOf(req).getUserId(), claims: sessionOf(req).getJWTPayload() });
    });
    app.all("/notes", verifySession({ sessions }), (req, res) => {
      this.writers.push(String(sessionOf(req).getUserId()));
      res.json({});
    });
    // For a sign-in of the last ten minutes only.
    app.all("/transfers", verifySession({ sessions, maxAuthAge: "10m" }), (req, res) => {
      this.writers.push(String(sessionOf(req).getUserId()));
      res.json({});
    });
    app.all("/vault", verifySession({ sessions, requireAmr: ["otp", "mfa"] }), (_req, res) => void res.json({}));
    app.all("/staff", verifySession({ sessions, claims: { role: "staff" } }), (_req, res) => void res.json({}));
    app.post("/claims", verifySession({ sessions }), async (req, res) => {
      res.json(await sessionOf(req).updateJwtPayload(JSON.parse(String(req.body)) as object));
    });
    app.get("/rendered", verifySession({ sessions, page: true, sessionRequired: false }), (req, res) => {
      res.type("html").send(`<!doctype html><title>rendered</title><body>${findSession(req)?.getUserId() ?? "nobody"}`);
    });
    // A sign-out of the app's own.
    app.post("/logout", verifySession({ sessions }), async (req, res) => {
      await sessionOf(req).revokeSession();
      res.json({});
    });
    // Somebody else's refusal, which no refresh cures.
    app.post("/password", (_req, res) => void res.status(401).json({ message: "wrong password" }));
    app.get("/always-refused", async () => void (await sessions.getSession("no token")));
    app.get("/open", (_req, res) => void res.json({ open: true }));
    app.get("/redirect", (req, res) => res.redirect(307, req.query["to"] as string));
    app.use(["/by-status", "/by-nobody"], verifySession({ sessions }), (req, res) => {
      res.json({ user: sessionOf(req).getUserId() });
    });
    // A handler of the app's own, which knows of a status and no more, and what Express does where
    // there is none.
    const byStatus: ErrorRequestHandler = (error, _req, res, _next) =>
      void res.status((error as { readonly status?: number }).status ?? 500).json({ message: "mine" });
    const byNobody: ErrorRequestHandler = (error, req, res, _next) => finalHandler(req, res)(error);
    app.use("/by-status", byStatus);
    app.use("/by-nobody", byNobody);
    app.use(errorHandler({ sessions }));
    return app;
  }
}
