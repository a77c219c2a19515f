import { sessionsFor } from "counterfoil/express";
import express, { type ErrorRequestHandler, type Express, type Response } from "express";
import type { Answer, Note } from "../shared/api.ts";
import { HttpError, readText } from "./http-error.ts";
import { servePage } from "./page.ts";
import type { AppSessions } from "./sessions.ts";
import type { Users } from "./users.ts";

export function createApp(sessions: AppSessions, users: Users, page: string): Express {
  const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);
  const notes: Note[] = [];

  const app = express();
  app.disable("x-powered-by");
  // Refresh, sign-out, the user's devices, and CORS for the page's origin. First, and at the root.
  app.use(sessionRoutes());
  app.use(express.json({ limit: "10kb" }));

  app.post("/api/login", async (req, res: Response<Answer<"POST /api/login">>) => {
    const user = await users.check(readText(req.body, "name"), readText(req.body, "password"));
    if (user === undefined) throw new HttpError(401, "Wrong name or password.");
    await createNewSession(req, res, user.name, { jwtPayload: { role: user.role }, amr: ["pwd"] });
    res.json(user);
  });

  // Below the refresh route, so that the refresh token comes along and is replaced as well.
  app.post(
    "/session/refresh/again",
    verifySession(),
    async (req, res: Response<Answer<"POST /session/refresh/again">>) => {
      const session = sessionOf(req);
      const user = await users.check(session.getUserId(), readText(req.body, "password"));
      if (user === undefined) throw new HttpError(401, "Wrong password.");
      await session.reauthenticate({ amr: ["pwd"] });
      res.json(user);
    },
  );

  app.get("/api/notes", verifySession(), (_req, res: Response<Answer<"GET /api/notes">>) => {
    res.json(notes);
  });

  app.post("/api/notes", verifySession(), (req, res: Response<Answer<"POST /api/notes">>) => {
    const note = { id: notes.length + 1, by: sessionOf(req).getUserId(), text: readText(req.body, "text") };
    notes.push(note);
    res.status(201).json(note);
  });

  // A dangerous action. The user must have given the password within the last ten minutes.
  app.post(
    "/api/password",
    verifySession({ maxAuthAge: "10m" }),
    async (req, res: Response<Answer<"POST /api/password">>) => {
      const session = sessionOf(req);
      const password = readText(req.body, "password");
      if (password.length < 8) throw new HttpError(400, "A password has at least 8 characters.");
      await users.setPassword(session.getUserId(), password);
      // Whoever knew the old password is out.
      const endedSessions = await sessions.revokeAllSessionsForUser(session.getUserId(), {
        except: session.getHandle(),
      });
      res.json({ endedSessions });
    },
  );

  app.get(
    "/api/users",
    verifySession({ claims: { role: "admin" } }),
    (_req, res: Response<Answer<"GET /api/users">>) => {
      res.json(users.all());
    },
  );

  app.use(servePage(page));

  // First the library's own errors, which have answers that the client knows; then all others.
  app.use(errorHandler());
  app.use(answerOthers);
  return app;
}

const answerOthers: ErrorRequestHandler = (error, _req, res, _next) => {
  const { status = 500, message } = error as Partial<HttpError>;
  if (status === 500) console.error(error);
  res.status(status).json({ message: status === 500 ? "Something went wrong." : message });
};
