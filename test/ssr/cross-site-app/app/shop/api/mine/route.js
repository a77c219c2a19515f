import { verifySession } from "counterfoil/next";
import { sessions } from "../../../../lib/sessions.js";

export const GET = verifySession(
  async (_request, session) => Response.json({ transfers: 0, ...(await session?.getSessionData()) }),
  { sessions },
);
