/** The rules of `sound-types.ts`, in Hono. */
import { createSessions } from "counterfoil";
import { sessionsFor } from "counterfoil/hono";
import { Hono } from "hono";

const { createNewSession, sessionOf, verifySession } = sessionsFor(createSessions<{ role: "admin" | "member" }>());

export const app: Hono = new Hono();
app.get("/role", verifySession(), (c) => c.text(sessionOf(c).getJWTPayload().role));
app.post("/login", async (c) => {
  // @ts-expect-error a typo
  await createNewSession(c, "alice", { jwtPayload: { rolle: "admin" } });
  return c.text("ok");
});
