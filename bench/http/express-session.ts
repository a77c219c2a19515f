import { randomBytes } from "node:crypto";
import session, { type Store } from "express-session";
import type { ExpressSessions } from "./express.ts";

declare module "express-session" {
  interface SessionData {
    userId: string;
  }
}

/** It has no protection against CSRF of its own, so none is asked of it. */
export const createExpressSession = (store: Store): ExpressSessions => ({
  before: session({
    store,
    secret: randomBytes(32).toString("base64"),
    resave: false,
    saveUninitialized: false,
    cookie: { secure: true, sameSite: "lax" },
  }),
  async signIn(request, _response, user) {
    request.session.userId = user;
  },
  protect(request, response, next) {
    if (request.session.userId === undefined) response.status(401).json({ message: "unauthorised" });
    else next();
  },
  userOf: (request) => request.session.userId,
});
