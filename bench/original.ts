import { init } from "supertokens-node-mysql-ref-jwt/index.js";
import type { MysqlAddress } from "./servers/mysql-address.ts";

/** With its defaults, so without blacklisting: verifying asks the database for nothing. */
export const initOriginal = (mysql: MysqlAddress & { readonly connectionLimit?: number }): Promise<void> =>
  init({
    mysql,
    tokens: {
      accessToken: { validity: 86_400 },
      refreshToken: { renewTokenPath: "/session/refresh" },
      enableAntiCsrf: true,
    },
    cookie: { domain: "bench.localhost", secure: true, sameSite: "lax" },
  });
