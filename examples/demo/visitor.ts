import { randomBytes } from "node:crypto";
import type { Request, RequestHandler } from "express";
import { createCookieJar } from "./cookie-jar.ts";

/**
 * A random name of this browser, by which the demo keeps the stories of its visitors apart. It is
 * none of the library's cookies, and signs nobody in.
 */
const COOKIE = "demo-visitor";
const SHAPE = /^[\w-]{22}$/;
const LIFE = 30 * 24 * 60 * 60 * 1000;

export function visitorOf(request: Request): string | undefined {
  const value = createCookieJar(request.headers.cookie ?? "").get(COOKIE);
  return value !== undefined && SHAPE.test(value) ? value : undefined;
}

/** The cookies of a device that the demo plays for this visitor. */
export const cookiesOfDevice = (visitor: string | undefined): string =>
  visitor === undefined ? "" : `${COOKIE}=${visitor}`;

/** Gives a browser its name when it loads the page. */
export const welcome: RequestHandler = (request, response, next) => {
  const visitor = visitorOf(request) ?? randomBytes(16).toString("base64url");
  response.cookie(COOKIE, visitor, { httpOnly: true, sameSite: "lax", maxAge: LIFE });
  next();
};
