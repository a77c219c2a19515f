import { createNewSession, errorHandler, sessionRoutes, verifySession } from "counterfoil/express";
import express, { type Express } from "express";

/** The app of docs/guide/ssr.md, and what its pages need beside. */
export function createPageApp(): Express {
  const app = express();
  app.use(sessionRoutes());

  app.get("/", verifySession({ page: true, sessionRequired: false }), (req, res) => {
    res.type("text").send(req.auth === undefined ? "Signed out" : `Signed in as ${req.auth.getUserId()}`);
  });

  app.get("/notes", verifySession({ page: true, sessionRequired: false }), (req, res) => {
    if (req.auth === undefined) res.redirect("/");
    else res.type("text").send(`Notes of ${req.auth.getUserId()}`);
  });

  app.get("/settings", verifySession({ page: true, maxAuthAge: "10m" }), (req, res) => {
    res.type("text").send(`Settings of ${req.auth?.getUserId()}`);
  });

  app.get("/api/me", verifySession(), (req, res) => void res.json({ user: req.auth?.getUserId() }));

  app.post("/login", express.urlencoded({ extended: false }), async (req, res) => {
    const { user } = req.body as { user: string };
    await createNewSession(req, res, user);
    res.redirect(303, "/");
  });

  app.use(errorHandler());
  return app;
}
