import { createSessions, type Sessions } from "counterfoil";
import { sessionsFor } from "counterfoil/web";
import { durableObjectStore, type SessionsNamespace } from "./store.ts";

export { SessionsObject } from "./store.ts";

interface Environment {
  readonly SESSIONS: SessionsNamespace;
  readonly COUNTERFOIL_SECRET: string;
}

type App = (request: Request) => Promise<Response>;

function createApp(sessions: Sessions): App {
  const { createNewSession, verifySession, withSessions } = sessionsFor(sessions);
  const me = verifySession((_request, session) => Response.json({ userId: session.getUserId() }));
  return withSessions(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/me") return me(request);
    if (pathname !== "/login" || request.method !== "POST") return new Response("not found", { status: 404 });
    // Check the password here.
    await createNewSession(request, "alice");
    return Response.json({ ok: true });
  });
}

let app: App | undefined;

export default {
  fetch(request: Request, { SESSIONS, COUNTERFOIL_SECRET }: Environment): Promise<Response> {
    // Not before a request: a Worker has no randomness while it loads.
    app ??= createApp(createSessions({ secret: COUNTERFOIL_SECRET, store: durableObjectStore(SESSIONS) }));
    return app(request);
  },
};
