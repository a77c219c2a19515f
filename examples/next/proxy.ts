import { sessionProxy } from "./lib/sessions.ts";

export const proxy = sessionProxy();

export const config = { matcher: ["/", "/((?!_next/|favicon.ico).*)"] };
