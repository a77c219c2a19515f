import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { sessionsFor } from "counterfoil/express";
import express, { type ErrorRequestHandler } from "express";
import { closeDatabase, listUsers } from "./database.ts";
import { FOLDERS } from "./page.ts";
import { sessions } from "./sessions.ts";
import { type HttpError, signIn, signUp } from "./users.ts";

const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);

const app = express();
app.disable("x-powered-by");
app.use(sessionRoutes()); // refresh, sign-out and the user's devices; first, and at the root
app.use(express.json({ limit: "10kb" }));

app.post("/api/sign-up", async (req, res) => {
  const { id, name, role } = await signUp(req.body);
  await createNewSession(req, res, id, { jwtPayload: { name, role }, sessionData: { likes: 0 } });
  res.json({ name, role });
});

app.post("/api/sign-in", async (req, res) => {
  const { id, name, role } = await signIn(req.body);
  await createNewSession(req, res, id, { jwtPayload: { name, role }, sessionData: { likes: 0 } });
  res.json({ name, role });
});

app.get("/api/me", verifySession(), async (req, res) => {
  const session = sessionOf(req);
  const { name, role } = session.getJWTPayload();
  res.json({ name, role, ...(await session.getSessionData()) });
});

app.post("/api/like", verifySession(), async (req, res) => {
  res.json(await sessionOf(req).updateSessionData(({ likes }) => ({ likes: likes + 1 })));
});

app.get("/api/users", verifySession({ claims: { role: "admin" } }), async (_req, res) => {
  res.json(await listUsers());
});

for (const [path, folder] of FOLDERS) app.use(path, express.static(folder));

const answerOthers: ErrorRequestHandler = (error, _req, res, _next) => {
  const { status = 500, message } = error as Partial<HttpError>;
  if (status === 500) console.error(error);
  res.status(status).json({ message: status === 500 ? "Something went wrong." : message });
};
app.use(errorHandler()); // first the refusals of the library, which its client knows
app.use(answerOthers);

export async function startApp(port: number): Promise<{ url: string; close(): Promise<void> }> {
  await sessions.ready();
  const server = app.listen(port);
  await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await sessions.close();
      await closeDatabase();
    },
  };
}
