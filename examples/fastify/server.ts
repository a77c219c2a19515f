import type { AddressInfo } from "node:net";
import { close, init } from "counterfoil";
import { type ErrorHandler, sessionsFor } from "counterfoil/fastify";
import { memory } from "counterfoil/memory";
import Fastify from "fastify";
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
const { createNewSession, sessionOf, sessionPlugin, verifySession } = sessionsFor(sessions);

const notes: object[] = [];

/** Answers what is not an error of the library. */
const onError: ErrorHandler = (error, _request, reply) => {
  const { statusCode = 500, message } = error as { statusCode?: number; message?: string };
  if (statusCode === 500) console.error(error);
  return reply.code(statusCode).send({ message: statusCode === 500 ? "internal" : message });
};

const app = Fastify();
await app.register(sessionPlugin, { onError });

app.post<{ Body: { name?: unknown; password?: unknown } | null }>("/login", async (request, reply) => {
  const userId = await checkPassword(request.body ?? {});
  if (userId === undefined) throw Object.assign(new Error("wrong name or password"), { statusCode: 401 });
  await createNewSession(request, reply, userId, { jwtPayload: { role: "member" } });
  return { userId };
});

app.get("/me", { onRequest: verifySession() }, async (request) => ({
  userId: sessionOf(request).getUserId(),
  claims: sessionOf(request).getJWTPayload(),
}));

app.post<{ Body: { text?: unknown } | null }>("/notes", { onRequest: verifySession() }, async (request, reply) => {
  const { text } = request.body ?? {};
  if (typeof text !== "string") throw Object.assign(new Error("a note needs a text"), { statusCode: 400 });
  const note = { by: sessionOf(request).getUserId(), text };
  notes.push(note);
  return reply.code(201).send(note);
});

app.addHook("onClose", () => close());
await app.listen({ port: Number(process.env["PORT"] ?? 3000) });
console.log(`listening on http://localhost:${(app.server.address() as AddressInfo).port}`);

process.once("SIGTERM", () => void app.close());
