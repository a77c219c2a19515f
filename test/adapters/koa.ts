import { PassThrough } from "node:stream";
import { json } from "node:stream/consumers";
import {
  createNewSession,
  findSession,
  getSession,
  refreshSession,
  type RequestSession,
  sessionRoutes,
  signOut,
  verifySession,
} from "counterfoil/koa";
import Koa, { type Context, type Middleware } from "koa";
import {
  actingAs,
  AGAIN,
  CACHED_HEADERS,
  changeLate,
  detailsOf,
  faultOf,
  FIRST,
  FOREIGN_AUTH,
  HALF_HEADERS,
  NEW_CLAIMS,
  leftAs,
  OPTIONAL,
  OWN_CORS,
  PAGES,
  type Setup,
  signInOf,
  wait,
} from "./setup.ts";
import { listen, listenHttp2 } from "../fixtures/listen.ts";
import { type Subject } from "./subject.ts";

const authOf = (context: Context): RequestSession | undefined =>
  leftAs((context.state as { auth?: unknown }).auth, findSession(context));

function tell(context: Context): void {
  context.body = { user: authOf(context)?.getUserId() ?? null, claims: authOf(context)?.getJWTPayload() ?? null };
}

/** A route of Koa's own kind: a middleware that looks at the path. */
const at =
  (path: string, ...chain: readonly Middleware[]): Middleware =>
  async (context, next) => {
    if (context.path !== path) return next();
    const run = async (index: number): Promise<void> => {
      await chain[index]?.(context, () => run(index + 1));
    };
    await run(0);
  };

const ownCors: Middleware = async (context, next) => {
  context.set(OWN_CORS);
  await next();
};

function createApp({ instance, twice, other, clock, ownCors: cors }: Setup): Koa {
  const app = new Koa();
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      context.status = 500;
      context.body = faultOf(error);
    }
  });
  if (cors === "first") app.use(ownCors);
  for (let count = twice ? 2 : 1; count > 0; count -= 1) app.use(sessionRoutes(instance));
  if (cors === "last") app.use(ownCors);
  const verify = verifySession(instance);
  app.use(
    at("/login", async (context) => {
      context.append("set-cookie", "app=1; Path=/");
      const details = { ...instance, ...detailsOf(context.url) };
      await createNewSession(context, String(context.query["user"] ?? "alice"), details);
      context.body = { ok: true };
    }),
  );
  app.use(twice ? at("/api", verify, verify, tell) : at("/api", verify, tell));
  app.use(at("/fresh", verifySession({ ...instance, maxAuthAge: "5m" }), tell));
  app.use(at("/maybe", verifySession({ ...instance, sessionRequired: false }), tell));
  app.use(at("/page", verifySession({ ...instance, sessionRequired: false, page: true }), tell));
  for (const [path, options] of Object.entries(PAGES))
    app.use(at(path, verifySession({ ...instance, ...options }), tell));
  app.use(at("/second", verify, verifySession({ ...other, ...OPTIONAL }), tell));
  const leaveForeign: Middleware = async (context, next) => {
    Object.assign(context.state, { auth: FOREIGN_AUTH });
    await next();
  };
  app.use(at("/foreign", leaveForeign, verifySession({ ...instance, ...OPTIONAL }), tell));
  for (const path of AGAIN)
    app.use(
      at(path, verify, async (context) => {
        await authOf(context)?.reauthenticate(signInOf(context.url));
        await getSession(context, { ...instance, maxAuthAge: "1m", antiCsrfCheck: false });
        tell(context);
      }),
    );
  app.use(
    at("/out", async (context) => {
      context.body = { ok: await signOut(context, instance) };
    }),
  );
  app.use(
    at("/renew", async (context) => {
      context.body = { user: (await refreshSession(context, instance)).getUserId() };
    }),
  );
  app.use(
    at("/claims", verify, async (context) => {
      await authOf(context)?.updateJwtPayload(NEW_CLAIMS);
      tell(context);
    }),
  );
  app.use(
    at("/leave", verify, async (context) => {
      await authOf(context)?.revokeSession();
      context.body = { ok: true };
    }),
  );
  app.use(
    at("/act", verify, async (context) => {
      await createNewSession(context, String(context.query["user"]), { ...instance, ...actingAs(authOf(context)) });
      context.body = { ok: true };
    }),
  );
  app.use(
    at("/echo", verify, async (context) => {
      context.body = await json(context.req);
    }),
  );
  app.use(
    at("/stream", verify, (context) => {
      const body = new PassThrough();
      context.type = "text/plain";
      context.body = body;
      body.write("begin ");
      const finish = async (): Promise<void> => {
        while (!context.headerSent) await new Promise(setImmediate);
        body.end(await changeLate(authOf(context)));
      };
      void finish();
    }),
  );
  app.use(
    at("/late", verifySession({ ...instance, ...FIRST }), async (context) => {
      wait({ clock }, context.url);
      await getSession(context, { ...instance, ...OPTIONAL });
      tell(context);
    }),
  );
  app.use(
    at("/half", verify, async (context) => {
      context.set(HALF_HEADERS);
      context.append("set-cookie", "app=1; Path=/");
      await authOf(context)?.getSessionData();
      context.body = { ok: true };
    }),
  );
  const setCached: Middleware = async (context, next) => {
    context.set(CACHED_HEADERS);
    await next();
  };
  app.use(at("/cached", verify, setCached, tell));
  app.use(at("/cached-before", setCached, verify, tell));
  app.use(
    at("/fault", () => {
      throw new Error("fault");
    }),
  );
  return app;
}

export const koaSubject: Subject = {
  name: "Koa 3",
  listen: async (setup) => {
    const answer = createApp(setup).callback();
    return listen((request, response) => void answer(request, response));
  },
};

export const koaHttp2Subject: Subject = {
  name: "Koa 3 over HTTP/2",
  protocol: "h2c",
  listen: async (setup) => {
    const answer = createApp(setup).callback();
    return listenHttp2((request, response) => void answer(request, response));
  },
};
