import type { AddressInfo } from "node:net";
import { close, init } from "counterfoil";
import { sessionsFor } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import express, { type ErrorRequestHandler } from "express";
import { checkPassword } from "./users.ts";

interface Claims {
  readonly role: "admin" | "member";
}

const sessions = await init<Claims>({
  // Gone when the process ends. An app gives its database, and a secret from its environment.
  store: memory(),
  // Plain http on localhost. An app leaves this out, and says what browsers see: http: {
  // publicOrigin: "https://shop.example" }.
  cookie: { secure: false },
});
// Bound once, so that claims are checked where they are given and known where they are read.
const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);

const notes: object[] = [];

const app = express();
app.use(sessionRoutes());

app.post("/login", express.json(), async (req, res) => {
  const userId = await checkPassword(req.body ?? {});
  if (userId === undefined) throw Object.assign(new Error("wrong name or password"), { status: 401 });
  await createNewSession(req, res, userId, { jwtPayload: { role: "member" } });
  res.json({ userId });
});

app.get("/me", verifySession(), (req, res) => {
  const session = sessionOf(req);
  res.json({ userId: session.getUserId(), claims: session.getJWTPayload() });
});

app.post("/notes", verifySession(), express.json(), (req, res) => {
  const { text } = (req.body ?? {}) as { text?: unknown };
  if (typeof text !== "string") throw Object.assign(new Error("a note needs a text"), { status: 400 });
  const note = { by: sessionOf(req).getUserId(), text };
  notes.push(note);
  res.status(201).json(note);
});

const answerOthers: ErrorRequestHandler = (error, _req, res, _next) => {
  const { status = 500, message } = error as { status?: number; message?: string };
  if (status === 500) console.error(error);
  res.status(status).json({ message: status === 500 ? "internal" : message });
};

// First the library's own errors, which have answers that clients know; then all others.
app.use(errorHandler());
app.use(answerOthers);

const server = app.listen(Number(process.env["PORT"] ?? 3000), () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`);
});

process.once("SIGTERM", () => server.close(() => void close()));
