import { randomBytes } from "node:crypto";
import { createSessions, type Sessions } from "counterfoil";
import { memory } from "counterfoil/memory";
import type { ServerOrder } from "./contenders.ts";

/** The store takes no part: verifying asks none. */
export function createBenchSessions({ guard }: Pick<ServerOrder, "guard">): Sessions {
  return createSessions({
    store: memory({ production: true }),
    secret: randomBytes(32).toString("base64"),
    // Longer than any run.
    tokens: { accessToken: { validity: "1d", ...(guard === "first-sight" ? { cacheSize: 0 } : {}) } },
  });
}
