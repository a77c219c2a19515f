/** Scenes and clauses that only Workers have. */
import { type D1DatabaseBinding } from "counterfoil/d1";
import { durableObjectStore, type SessionsNamespace } from "../../examples/durable-object/store.ts";
import app from "../../examples/durable-object/worker.ts";
import { playD1, verifyByFeed } from "./d1-scenes.ts";
import { runStoreClauses } from "./run-store-clauses.ts";

export { SessionsObject } from "../../examples/durable-object/store.ts";

interface Environment {
  readonly DB: D1DatabaseBinding;
  readonly SESSIONS: SessionsNamespace;
  readonly COUNTERFOIL_SECRET: string;
}

export default {
  async fetch(request: Request, env: Environment): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    switch (pathname) {
      case "/~/feed":
        return Response.json(await verifyByFeed(env.DB, Number(searchParams.get("ahead"))));
      case "/~/d1":
        return Response.json(await playD1(env.DB));
      case "/~/clauses":
        return Response.json(await runStoreClauses({ "Durable Object": () => durableObjectStore(env.SESSIONS) }));
      default:
        return app.fetch(request, env);
    }
  },
};
