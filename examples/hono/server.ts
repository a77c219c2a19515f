import { serve } from "@hono/node-server";
import { close, init } from "counterfoil";
import { sessionsFor } from "counterfoil/hono";
import { memory } from "counterfoil/memory";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
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

const app = new Hono();
app.use(sessionRoutes());
app.use(bodyLimit({ maxSize: 10_000 }));

app.post("/login", async (c) => {
  const userId = await checkPassword(await readJson(c));
  if (userId === undefined) throw new HTTPException(401, { message: "wrong name or password" });
  await createNewSession(c, userId, { jwtPayload: { role: "member" } });
  return c.json({ userId });
});

app.get("/me", verifySession(), (c) =>
  c.json({ userId: sessionOf(c).getUserId(), claims: sessionOf(c).getJWTPayload() }),
);

app.post("/notes", verifySession(), async (c) => {
  const { text } = await readJson(c);
  if (typeof text !== "string") throw new HTTPException(400, { message: "a note needs a text" });
  const note = { by: sessionOf(c).getUserId(), text };
  notes.push(note);
  return c.json(note, 201);
});

type Fields = Readonly<Record<string, unknown>>;
async function readJson(c: Context): Promise<Fields> {
  const body = await c.req.json<Fields | null>().catch((cause: unknown) => {
    throw new HTTPException(400, { message: "not JSON", cause });
  });
  return body ?? {};
}

/** All errors but the library's own, which errorHandler() answers. */
function answerOthers(error: Error, c: Context): Response {
  if (error instanceof HTTPException) return c.json({ message: error.message }, error.status);
  console.error(error);
  return c.json({ message: "internal" }, 500);
}
app.onError(errorHandler(answerOthers));

const server = serve({ fetch: app.fetch, port: Number(process.env["PORT"] ?? 3000) }, ({ port }) => {
  console.log(`listening on http://localhost:${port}`);
});

process.once("SIGTERM", () => server.close(() => void close()));
