import { fileURLToPath } from "node:url";
import express, { type RequestHandler, Router } from "express";
import { guide } from "./guide.ts";
import { welcome } from "./visitor.ts";

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

/** The page, the docs, and the library's modules as they are, which it imports without a build. */
export function page(): Router {
  const router = Router();
  const library = new URL(".", import.meta.resolve("counterfoil/browser"));
  router.use(secure);
  router.get(["/", "/index.html"], welcome);
  router.use(guide());
  router.use("/counterfoil", express.static(fileURLToPath(library)));
  router.use(express.static(fileURLToPath(new URL("public", import.meta.url))));
  return router;
}
