import { sessionProxy } from "counterfoil/next";
import { sessions } from "./lib/sessions.ts";

export const proxy = sessionProxy({ sessions });

export const config = { matcher: ["/", "/((?!_next/|favicon.ico).*)"] };
