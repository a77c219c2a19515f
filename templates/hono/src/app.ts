import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { relative } from "node:path";
import { serve, type ServerType } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { sessionsFor } from "counterfoil/hono";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { closeDatabase, listUsers } from "./database.ts";
import { FOLDERS } from "./page.ts";
import { sessions } from "./sessions.ts";
import { HttpError, signIn, signUp } from "./users.ts";

const { createNewSession, errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);

const app = new Hono();
app.use(sessionRoutes()); // refresh, sign-out and the user's devices; first, and at the root
app.use(bodyLimit({ maxSize: 10_000 }));

app.post("/api/sign-up", async (c) => {
  const { id, name, role } = await signUp(await readJson(c));
  await createNewSession(c, id, { jwtPayload: { name, role }, sessionData: { likes: 0 } });
  return c.json({ name, role });
});

app.post("/api/sign-in", async (c) => {
  const { id, name, role } = await signIn(await readJson(c));
  await createNewSession(c, id, { jwtPayload: { name, role }, sessionData: { likes: 0 } });
  return c.json({ name, role });
});

app.get("/api/me", verifySession(), async (c) => {
  const session = sessionOf(c);
  const { name, role } = session.getJWTPayload();
  return c.json({ name, role, ...(await session.getSessionData()) });
});

app.post("/api/like", verifySession(), async (c) =>
  c.json(await sessionOf(c).updateSessionData(({ likes }) => ({ likes: likes + 1 }))),
);

app.get("/api/users", verifySession({ claims: { role: "admin" } }), async (c) => c.json(await listUsers()));

for (const [path, folder] of FOLDERS) {
  const rewriteRequestPath = (url: string): string => url.slice(path.length);
  app.get(`${path}/*`, serveStatic({ root: relative(process.cwd(), folder), rewriteRequestPath }));
}

async function readJson(c: Context): Promise<unknown> {
  return c.req.json<unknown>().catch(() => {
    throw new HttpError(400, "This is not JSON.");
  });
}

function answerOthers(error: Error): Response {
  if (error instanceof HttpError) return Response.json({ message: error.message }, { status: error.status });
  console.error(error);
  return Response.json({ message: "Something went wrong." }, { status: 500 });
}
app.onError(errorHandler(answerOthers)); // first the refusals of the library, which its client knows

export async function startApp(port: number): Promise<{ url: string; close(): Promise<void> }> {
  await sessions.ready();
  const server: ServerType = serve({ fetch: app.fetch, port });
  if (!server.listening) await once(server, "listening");
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await sessions.close();
      await closeDatabase();
    },
  };
}
