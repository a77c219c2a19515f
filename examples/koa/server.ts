import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { close, init } from "counterfoil";
import { sessionsFor } from "counterfoil/koa";
import { memory } from "counterfoil/memory";
import Koa, { type Context } from "koa";
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
const { createNewSession, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);

const notes: object[] = [];

const app = new Koa();

// All errors but the library's own, which sessionRoutes() answers.
app.use(async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    const { status = 500, message } = error as { status?: number; message?: string };
    if (status === 500) console.error(error);
    ctx.status = status;
    ctx.body = { message: status === 500 ? "internal" : message };
  }
});

app.use(sessionRoutes());

app.use(async (ctx, next) => {
  if (ctx.method !== "POST" || ctx.path !== "/login") return next();
  const userId = await checkPassword(await readJson(ctx));
  if (userId === undefined) return ctx.throw(401, "wrong name or password");
  await createNewSession(ctx, userId, { jwtPayload: { role: "member" } });
  ctx.body = { userId };
});

// Everything below needs a session. With a router, it stands before the handler of a route:
// router.get("/me", verifySession(), …).
app.use(verifySession());

app.use(async (ctx, next) => {
  if (ctx.method !== "GET" || ctx.path !== "/me") return next();
  ctx.body = { userId: sessionOf(ctx).getUserId(), claims: sessionOf(ctx).getJWTPayload() };
});

app.use(async (ctx, next) => {
  if (ctx.method !== "POST" || ctx.path !== "/notes") return next();
  const { text } = await readJson(ctx);
  if (typeof text !== "string") return ctx.throw(400, "a note needs a text");
  const note = { by: sessionOf(ctx).getUserId(), text };
  notes.push(note);
  ctx.status = 201;
  ctx.body = note;
});

type Fields = Readonly<Record<string, unknown>>;

/** The body, if it says how long it is and that is not much. An app uses a body parser. */
async function readJson(ctx: Pick<Context, "req" | "request" | "throw">): Promise<Fields> {
  if (!(Number(ctx.req.headers["content-length"]) <= 10_000)) ctx.throw(413);
  const body = await json(ctx.req).catch(() => ctx.throw(400, "not JSON"));
  return (body ?? {}) as Fields;
}

const server = app.listen(Number(process.env["PORT"] ?? 3000), () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`);
});

process.once("SIGTERM", () => server.close(() => void close()));
