import { verifySession } from "../../../lib/sessions.ts";

export const GET = verifySession((_request, session) => Response.json({ user: session.getUserId() }));
