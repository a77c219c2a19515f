import express from "express";
import { createSessions } from "counterfoil";
import { sessionsFor } from "counterfoil/express";
import { memory } from "counterfoil/memory";
import { sqlite } from "counterfoil/sqlite";
import { createFakeClock, signInForTest } from "counterfoil/testing";
import request from "supertest";

test.each([memory, () => sqlite({ path: ":memory:" })])("an app", async (store) => {
  const clock = createFakeClock();
  const sessions = createSessions({ store: store(), clock: clock.now });
  const { errorHandler, sessionOf, sessionRoutes, verifySession } = sessionsFor(sessions);
  const app = express().use(sessionRoutes());
  app.post("/api/like", verifySession(), (req, res) => res.json(sessionOf(req).getUserId()));
  app.use(errorHandler());

  const { headers, refreshHeaders } = await signInForTest("alice", { sessions });
  expect((await request(app).post("/api/like").set(headers)).body).toBe("alice");
  clock.advance(16 * 60_000);
  expect((await request(app).post("/api/like").set(headers)).status).toBe(401);
  expect((await request(app).post("/session/refresh").set(refreshHeaders)).status).toBe(200);
  await sessions.close();
});
