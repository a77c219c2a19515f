import { AuthError, createSessions, type Sessions } from "counterfoil";
import { sessionsFor } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type Express, type NextFunction, type Request, type Response } from "express";

/** The app of the guide that shows refusals to people as pages. */
export function makeErrorPages(): { readonly app: Express; readonly sessions: Sessions } {
  const sessions = createSessions({ store: memory() });
  const { errorHandler, sessionRoutes, verifySession } = sessionsFor(sessions);

  const app = express();
  app.use(sessionRoutes());
  app.get("/admin", verifySession({ page: true, claims: { role: "admin" } }), (_req, res) => void res.send("Admin"));

  app.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
    const isPage = req.accepts(["json", "html"]) === "html"; // a script's fetch accepts anything, and gets JSON
    if (!isPage || !AuthError.isErrorFromAuth(error) || error.status < 400) return next(error);
    const text = error.status === 401 ? "Please sign in." : "This is not for you, or not now.";
    res.status(error.status).send(`<!doctype html><title>Shop</title><h1>${text}</h1>`);
  });
  app.use(errorHandler());
  return { app, sessions };
}
