import { sessionProxy } from "counterfoil/next";
import { sessions } from "./lib/sessions.js";

export const proxy = sessionProxy({ sessions });

// What is below /bare has no proxy before it.
export const config = { matcher: "/((?!_next/|favicon.ico|bare).*)" };
