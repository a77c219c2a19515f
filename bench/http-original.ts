import { init } from "supertokens-node-mysql-ref-jwt/express.js";
import type { Backends } from "./http-contenders.ts";

/** With its defaults, so without blacklisting: verifying asks the database for nothing. */
export const initOriginal = ({ mysql }: Backends): Promise<void> =>
  init({
    mysql,
    tokens: {
      accessToken: { validity: 86_400 },
      refreshToken: { renewTokenPath: "/session/refresh" },
      enableAntiCsrf: true,
    },
    cookie: { domain: "bench.localhost", secure: true, sameSite: "lax" },
  });
