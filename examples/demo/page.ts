import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import express, { type RequestHandler, Router } from "express";

// Everything comes from this server, and nothing in the page is inline.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const secure: RequestHandler = (_req, res, next) => {
  res.set({
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  });
  next();
};

/** The page, and the one module of the library that it shares with the server. */
export function page(): Router {
  const router = Router();
  const protocol = readFileSync(fileURLToPath(import.meta.resolve("counterfoil/protocol")), "utf8");
  router.use(secure);
  router.get("/counterfoil/protocol.js", (_req, res) => void res.type("text/javascript").send(protocol));
  router.use(express.static(fileURLToPath(new URL("public", import.meta.url))));
  return router;
}
