/**
 * An app that has a middleware for JWTs as well, which declares `auth` on every request of Express.
 */
import { createSessions } from "counterfoil";
import { sessionsFor, verifySession } from "counterfoil/express";
import express from "express";
import { auth } from "express-oauth2-jwt-bearer";

const sessions = createSessions<{ role: "admin" | "member" }>();
const { sessionOf, verifySession: verify } = sessionsFor(sessions);

export const app = express();
app.get("/token", auth(), (req, res) => res.json(req.auth?.payload.sub));
app.get("/session", verify(), (req, res) => res.json(sessionOf(req).getJWTPayload().role));
app.get("/default", verifySession(), (req, res) => res.json([req.auth?.token, sessionOf(req).getUserId()]));
