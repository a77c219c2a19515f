import {
  createNewSession,
  errorHandler,
  getSession,
  refreshSession,
  sessionRoutes,
  signOut,
  type RequestSession,
  verifySession,
  findSession,
} from "counterfoil/hono";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import {
  actingAs,
  AGAIN,
  CACHED_HEADERS,
  detailsOf,
  faultOf,
  FIRST,
  FOREIGN_AUTH,
  HALF_HEADERS,
  leftAs,
  NEW_CLAIMS,
  OPTIONAL,
  OWN_CORS,
  PAGES,
  type Setup,
  signInOf,
  wait,
} from "./setup.ts";
import { type Subject } from "./subject.ts";
import { listenWeb, OVER_HTTP2 } from "./web.ts";
import { changeLater, streamOf } from "./web-routes.ts";

const authOf = (context: Context): RequestSession | undefined => leftAs(context.get("auth"), findSession(context));

const tell = (context: Context): Response => {
  const auth = authOf(context);
  return context.json({ user: auth?.getUserId() ?? null, claims: auth?.getJWTPayload() ?? null });
};

/** Hono's own, which sets its headers before the handler and on the way back. */
const ownCors = cors({
  origin: OWN_CORS["access-control-allow-origin"] ?? "",
  credentials: true,
  exposeHeaders: ["X-Total"],
});

function createApp({ instance, twice, other, clock, ownCors: place }: Setup): Hono<{ Variables: { auth: unknown } }> {
  const app = new Hono<{ Variables: { auth: unknown } }>();
  if (place === "first") app.use(ownCors);
  for (let count = twice ? 2 : 1; count > 0; count -= 1) app.use(sessionRoutes(instance));
  if (place === "last") app.use(ownCors);
  app.onError(errorHandler(instance, (error, context) => context.json(faultOf(error), 500)));
  const verify = verifySession(instance);
  app.all("/login", async (context) => {
    context.header("set-cookie", "app=1; Path=/", { append: true });
    const details = { ...instance, ...detailsOf(context.req.url) };
    await createNewSession(context, context.req.query("user") ?? "alice", details);
    return context.json({ ok: true });
  });
  if (twice) app.use("/api", verify);
  app.all("/api", verify, tell);
  app.all("/fresh", verifySession({ ...instance, maxAuthAge: "5m" }), tell);
  app.all("/maybe", verifySession({ ...instance, sessionRequired: false }), tell);
  app.all("/page", verifySession({ ...instance, sessionRequired: false, page: true }), tell);
  for (const [path, options] of Object.entries(PAGES)) app.all(path, verifySession({ ...instance, ...options }), tell);
  app.all("/second", verify, verifySession({ ...other, ...OPTIONAL }), tell);
  app.use("/foreign", async (context, next) => {
    context.set("auth", FOREIGN_AUTH);
    await next();
  });
  app.all("/foreign", verifySession({ ...instance, ...OPTIONAL }), tell);
  for (const path of AGAIN)
    app.all(path, verify, async (context) => {
      await authOf(context)?.reauthenticate(signInOf(context.req.url));
      await getSession(context, { ...instance, maxAuthAge: "1m", antiCsrfCheck: false });
      return tell(context);
    });
  app.all("/out", async (context) => context.json({ ok: await signOut(context, instance) }));
  app.all("/renew", async (context) => context.json({ user: (await refreshSession(context, instance)).getUserId() }));
  app.all("/claims", verify, async (context) => {
    await authOf(context)?.updateJwtPayload(NEW_CLAIMS);
    return tell(context);
  });
  app.all("/leave", verify, async (context) => {
    await authOf(context)?.revokeSession();
    // Not made by the context, so that its headers come from nowhere else.
    return Response.json({ ok: true });
  });
  app.all("/act", verify, async (context) => {
    await createNewSession(context, context.req.query("user") ?? "", { ...instance, ...actingAs(authOf(context)) });
    return context.json({ ok: true });
  });
  app.all("/echo", verify, async (context) => context.json(await context.req.json<object>()));
  app.all("/stream", verify, (context) => new Response(streamOf(() => changeLater(authOf(context)))));
  app.all("/late", verifySession({ ...instance, ...FIRST }), async (context) => {
    wait({ clock }, context.req.url);
    await getSession(context, { ...instance, ...OPTIONAL });
    return tell(context);
  });
  app.all("/half", verify, async (context) => {
    for (const [name, value] of Object.entries(HALF_HEADERS)) context.header(name, value);
    context.header("set-cookie", "app=1; Path=/", { append: true });
    await authOf(context)?.getSessionData();
    return context.json({ ok: true });
  });
  app.all("/cached", verify, (context) => new Response(tell(context).body, { headers: CACHED_HEADERS }));
  app.use("/cached-before", async (context, next) => {
    for (const [name, value] of Object.entries(CACHED_HEADERS)) context.header(name, value);
    await next();
  });
  app.all("/cached-before", verify, tell);
  app.all("/fault", () => {
    throw new Error("fault");
  });
  return app;
}

export const honoSubject: Subject = { name: "Hono 4", listen: async (setup) => listenWeb(createApp(setup).fetch) };

export const honoHttp2Subject: Subject = {
  name: "Hono 4 over HTTP/2",
  protocol: "h2c",
  listen: async (setup) => listenWeb(createApp(setup).fetch, OVER_HTTP2),
};
