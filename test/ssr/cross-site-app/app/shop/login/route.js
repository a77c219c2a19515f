import { createNewSession, withSessions } from "counterfoil/next";
import { sessions } from "../../../lib/sessions.js";

export const POST = withSessions(
  async (request) => {
    await createNewSession(request, "victim", { sessions });
    return Response.json({});
  },
  { sessions },
);
