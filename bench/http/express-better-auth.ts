import { randomBytes } from "node:crypto";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import type { ExpressSessions } from "./express.ts";

/**
 * With its cookie cache, so that verifying asks its database for nothing. It does not check for
 * CSRF where an app asks for the session.
 */
export function createBetterAuth(): ExpressSessions {
  const auth = betterAuth({
    baseURL: "https://bench.localhost",
    secret: randomBytes(32).toString("base64"),
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    // A sign-in is not what is measured.
    emailAndPassword: {
      enabled: true,
      password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password },
    },
    session: { cookieCache: { enabled: true, maxAge: 86_400 } },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
  const handle = toNodeHandler(auth);
  return {
    before(request, response, next) {
      if (request.path.startsWith("/api/auth/")) void handle(request, response);
      else next();
    },
    async signIn(_request, response, user) {
      const { headers } = await auth.api.signUpEmail({
        body: { name: user, email: `${user}@bench.localhost`, password: "as good as any" },
        returnHeaders: true,
      });
      response.setHeader("set-cookie", headers.getSetCookie());
    },
    async protect(request, response, next) {
      const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
      if (session === null) {
        response.status(401).json({ message: "unauthorised" });
        return;
      }
      response.locals["user"] = session.user.name;
      next();
    },
    userOf: (_request, response) => String(response.locals["user"]),
  };
}
