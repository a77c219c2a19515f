import {
  createNewSession,
  errorHandler,
  sessionRoutes,
  findSession,
  sessionOf,
  verifySession,
} from "counterfoil/express";
import express, { type Express } from "express";

/** The app of docs/guide/ssr.md, and what its pages need beside. */
export function createPageApp(): Express {
  const app = express();
  app.use(sessionRoutes());

  app.get("/", verifySession({ page: true, sessionRequired: false }), (req, res) => {
    const session = findSession(req);
    res.type("text").send(session === undefined ? "Signed out" : `Signed in as ${session.getUserId()}`);
  });

  app.get("/notes", verifySession({ page: true, sessionRequired: false }), (req, res) => {
    const session = findSession(req);
    if (session === undefined) res.redirect("/");
    else res.type("text").send(`Notes of ${session.getUserId()}`);
  });

  app.get("/settings", verifySession({ page: true, maxAuthAge: "10m" }), (req, res) => {
    res.type("text").send(`Settings of ${sessionOf(req).getUserId()}`);
  });

  app.get("/api/me", verifySession(), (req, res) => void res.json({ user: sessionOf(req).getUserId() }));

  app.post("/login", express.urlencoded({ extended: false }), async (req, res) => {
    const { user } = req.body as { user: string };
    await createNewSession(req, res, user);
    res.redirect(303, "/");
  });

  app.use(errorHandler());
  return app;
}
