import { verifySession } from "counterfoil/next";
import { sessions } from "../../../lib/sessions.ts";

export const GET = verifySession((_request, session) => Response.json({ user: session?.getUserId() }), { sessions });
