import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { type CounterfoilConfig, createSessions, type SessionEventName, type Sessions } from "counterfoil";
import { createNewSession, errorHandler, sessionRoutes, verifySession, sessionOf } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type Express, type Request, type Response } from "express";
import { SECRET } from "../fixtures/constants.ts";
import type { Bundles } from "./bundles.ts";
import { listen, type Listening } from "../fixtures/listen.ts";
import { addPages } from "./page-server.ts";

const SEEN = ["session-created", "session-refreshed", "session-revoked", "reuse-detected"] as const;

/** An app over a clock that tests set, and all that came to it. */
export class ApiServer {
  /** Bodies that arrived behind a session. */
  readonly notes: string[] = [];
  readonly sessions: Sessions;
  now: number = Date.now();
  readonly #seen = new Map<SessionEventName, number>();
  readonly #bundles: Bundles;
  #traffic: { readonly request: Request; readonly response: Response }[] = [];
  #listening: Listening | undefined;
  #gate = 0;
  #heldBack: (() => void)[] = [];

  constructor(bundles: Bundles, config: CounterfoilConfig = {}) {
    this.#bundles = bundles;
    this.sessions = createSessions({
      store: memory(),
      secret: SECRET,
      clock: () => this.now,
      ...config,
      http: { dialects: ["counterfoil", "supertokens"], ...config.http },
    });
    for (const name of SEEN) this.sessions.on(name, () => void this.#seen.set(name, this.count(name) + 1));
  }

  async start(port = 0): Promise<void> {
    this.#listening = await listen(this.#app(), port);
  }

  async stop(): Promise<void> {
    await this.#listening?.close();
    await this.sessions.close();
  }

  get port(): number {
    return this.#listening?.port ?? 0;
  }

  /** The clock of the server goes on. */
  advance(ms: number): void {
    this.now += ms;
  }

  /** How often an event was emitted. */
  count(name: SessionEventName): number {
    return this.#seen.get(name) ?? 0;
  }

  /**
   * The calls since this was last asked, in the order of arrival, for instance `GET /me 200`; pages
   * and preflights left out.
   */
  takeCalls(): readonly string[] {
    return this.takeTraffic().map(({ call }) => call);
  }

  takeTraffic(): readonly {
    readonly call: string;
    readonly asked: IncomingHttpHeaders;
    readonly answered: OutgoingHttpHeaders;
  }[] {
    const traffic = this.#traffic;
    this.#traffic = [];
    return traffic.map(({ request, response }) => ({
      call: `${request.method} ${request.path} ${response.statusCode}`,
      asked: request.headers,
      answered: response.getHeaders(),
    }));
  }

  /**
   * Holds notes back until so many have come, and then judges them all: their clients hear in the
   * same moment that they must refresh.
   */
  gather(count: number): void {
    this.#gate = count;
  }

  #holdBack(next: () => void): void {
    this.#heldBack.push(next);
    if (this.#heldBack.length < this.#gate) return;
    const all = this.#heldBack;
    this.#gate = 0;
    this.#heldBack = [];
    for (const go of all) go();
  }

  #app(): Express {
    const { sessions } = this;
    const app = addPages(express(), this.#bundles);
    // Every answer in full, so that its status tells what happened.
    app.set("etag", false);
    app.use((request, response, next) => {
      if (request.method !== "OPTIONS") this.#traffic.push({ request, response });
      if (request.method === "POST" && request.path === "/notes" && this.#gate > 0) this.#holdBack(next);
      else next();
    });
    app.use(sessionRoutes({ sessions }));
    app.post("/login", express.json(), async (req, res) => {
      const { user, claims } = req.body as { user: string; claims: object };
      await createNewSession(req, res, user, { jwtPayload: claims, sessions });
      res.json({ user });
    });
    app.get("/me", verifySession({ sessions }), (req, res) => {
      res.json({ user: sessionOf(req).getUserId(), claims: sessionOf(req).getJWTPayload() });
    });
    app.post("/notes", verifySession({ sessions }), express.text({ type: "*/*" }), (req, res) => {
      this.notes.push(req.body as string);
      res.json({});
    });
    app.post("/transfer", verifySession({ sessions, maxAuthAge: "1m" }), (_req, res) => void res.json({}));
    app.get("/staff", verifySession({ sessions, claims: { role: "staff" } }), (_req, res) => void res.json({}));
    app.post("/password", verifySession({ sessions }), (_req, res) => void res.status(401).json({ message: "wrong" }));
    app.post("/claims", verifySession({ sessions }), express.json(), async (req, res) => {
      res.json(await sessionOf(req).updateJwtPayload(req.body as object));
    });
    app.use(errorHandler({ sessions }));
    return app;
  }
}
