import { sessionProxy } from "counterfoil/next";
import { sessions } from "./lib/sessions.js";

export const middleware = sessionProxy({ sessions });

// What is below /bare has no proxy before it.
export const config = { runtime: "nodejs", matcher: "/((?!_next/|favicon.ico|bare).*)" };
