import type { AddressInfo } from "node:net";
import { type ErrorHandler, sessionsFor } from "counterfoil/fastify";
import Fastify from "fastify";
import { closeDatabase, listUsers } from "./database.ts";
import { FOLDERS } from "./page.ts";
import { sessions } from "./sessions.ts";
import { readStatic } from "./static-files.ts";
import { type HttpError, signIn, signUp } from "./users.ts";

const { createNewSession, sessionOf, sessionPlugin, verifySession } = sessionsFor(sessions);

/** Answers what is not a refusal of the library. */
const onError: ErrorHandler = (error, _request, reply) => {
  const { statusCode = 500, message } = error as Partial<HttpError>;
  if (statusCode === 500) console.error(error);
  return reply.code(statusCode).send({ message: statusCode === 500 ? "Something went wrong." : message });
};

const app = Fastify({ bodyLimit: 10_000, forceCloseConnections: true });
await app.register(sessionPlugin, { onError }); // refresh, sign-out and the user's devices

app.post("/api/sign-up", async (request, reply) => {
  const { id, name, role } = await signUp(request.body);
  await createNewSession(request, reply, id, { jwtPayload: { name, role }, sessionData: { likes: 0 } });
  return { name, role };
});

app.post("/api/sign-in", async (request, reply) => {
  const { id, name, role } = await signIn(request.body);
  await createNewSession(request, reply, id, { jwtPayload: { name, role }, sessionData: { likes: 0 } });
  return { name, role };
});

app.get("/api/me", { onRequest: verifySession() }, async (request) => {
  const session = sessionOf(request);
  const { name, role } = session.getJWTPayload();
  return { name, role, ...(await session.getSessionData()) };
});

app.post("/api/like", { onRequest: verifySession() }, (request) =>
  sessionOf(request).updateSessionData(({ likes }) => ({ likes: likes + 1 })),
);

app.get("/api/users", { onRequest: verifySession({ claims: { role: "admin" } }) }, () => listUsers());

for (const [path, folder] of FOLDERS) {
  app.get<{ Params: { "*": string } }>(`${path}/*`, async (request, reply) => {
    const file = await readStatic(folder, request.params["*"]);
    if (file === undefined) return reply.code(404).send({ message: "Not found." });
    return reply.type(file.type).send(file.body);
  });
}

export async function startApp(port: number): Promise<{ url: string; close(): Promise<void> }> {
  await sessions.ready();
  await app.listen({ port, host: process.env["HOST"] ?? "localhost" });
  return {
    url: `http://localhost:${(app.server.address() as AddressInfo).port}`,
    async close() {
      await sessions.close();
      await app.close();
      await closeDatabase();
    },
  };
}
