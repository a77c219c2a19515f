import { PassThrough } from "node:stream";
import {
  createNewSession,
  getSession,
  refreshSession,
  type RequestSession,
  sessionPlugin,
  signOut,
  verifySession,
  findSession,
} from "counterfoil/fastify";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { AddressInfo } from "node:net";
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
  leftAs,
  NEW_CLAIMS,
  OPTIONAL,
  OWN_CORS,
  PAGES,
  type Setup,
  signInOf,
  wait,
} from "./setup.ts";
import { HTTP2_OPTIONS, MAX_HEADER_SIZE } from "../fixtures/listen.ts";
import { type Subject } from "./subject.ts";

const authOf = (request: FastifyRequest): RequestSession | undefined =>
  leftAs((request as { auth?: unknown }).auth, findSession(request));

const tell = async (request: FastifyRequest): Promise<object> => ({
  user: authOf(request)?.getUserId() ?? null,
  claims: authOf(request)?.getJWTPayload() ?? null,
});

/** Sends its head, waits until the headers are out, and then tries to change the claims. */
function streamLate(auth: RequestSession | undefined, reply: FastifyReply): PassThrough {
  const body = new PassThrough();
  body.write("begin ");
  const finish = async (): Promise<void> => {
    while (!reply.raw.headersSent) await new Promise(setImmediate);
    body.end(await changeLate(auth));
  };
  void finish();
  return body;
}

async function listen(
  app: FastifyInstance,
  { instance, twice, other, clock, ownCors }: Setup,
): ReturnType<Subject["listen"]> {
  const addOwnCors = (): void =>
    void app.addHook("onRequest", async (_request, reply) => {
      reply.headers(OWN_CORS);
    });
  if (ownCors === "first") addOwnCors();
  await app.register(sessionPlugin, {
    ...instance,
    onError: (error: unknown, _request: FastifyRequest, reply: FastifyReply) => reply.code(500).send(faultOf(error)),
  });
  if (ownCors === "last") addOwnCors();
  const verify = verifySession(instance);
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
  const all = (url: string, preHandler: PreHandler | PreHandler[] | undefined, handler: Handler): void =>
    void app.route({ method: methods, url, handler, ...(preHandler === undefined ? {} : { preHandler }) });
  all("/login", undefined, async (request, reply) => {
    reply.header("set-cookie", "app=1; Path=/");
    const { user = "alice" } = request.query as { user?: string };
    await createNewSession(request, reply, user, { ...instance, ...detailsOf(request.url) });
    return { ok: true };
  });
  all("/api", twice ? [verify, verify] : verify, tell);
  all("/fresh", verifySession({ ...instance, maxAuthAge: "5m" }), tell);
  all("/maybe", verifySession({ ...instance, sessionRequired: false }), tell);
  all("/page", verifySession({ ...instance, sessionRequired: false, page: true }), tell);
  for (const [path, options] of Object.entries(PAGES)) all(path, verifySession({ ...instance, ...options }), tell);
  all("/second", [verify, verifySession({ ...other, ...OPTIONAL })], tell);
  const leaveForeign: typeof verify = async (request) => {
    Object.assign(request, { auth: FOREIGN_AUTH });
  };
  all("/foreign", [leaveForeign, verifySession({ ...instance, ...OPTIONAL })], tell);
  for (const path of AGAIN)
    all(path, verify, async (request, reply) => {
      await authOf(request)?.reauthenticate(signInOf(request.url));
      await getSession(request, reply, { ...instance, maxAuthAge: "1m", antiCsrfCheck: false });
      return tell(request);
    });
  all("/out", undefined, async (request, reply) => ({ ok: await signOut(request, reply, instance) }));
  all("/renew", undefined, async (request, reply) => ({
    user: (await refreshSession(request, reply, instance)).getUserId(),
  }));
  all("/claims", verify, async (request) => {
    await authOf(request)?.updateJwtPayload(NEW_CLAIMS);
    return tell(request);
  });
  all("/leave", verify, async (request) => {
    await authOf(request)?.revokeSession();
    return { ok: true };
  });
  all("/act", verify, async (request, reply) => {
    const { user = "" } = request.query as { user?: string };
    await createNewSession(request, reply, user, { ...instance, ...actingAs(authOf(request)) });
    return { ok: true };
  });
  all("/echo", verify, async (request) => request.body);
  all("/stream", verify, async (request, reply) => reply.type("text/plain").send(streamLate(authOf(request), reply)));
  all("/late", verifySession({ ...instance, ...FIRST }), async (request, reply) => {
    wait({ clock }, request.url);
    await getSession(request, reply, { ...instance, ...OPTIONAL });
    return tell(request);
  });
  all("/half", verify, async (request, reply) => {
    reply.headers(HALF_HEADERS).header("set-cookie", "app=1; Path=/");
    await authOf(request)?.getSessionData();
    return { ok: true };
  });
  all("/cached", verify, async (request, reply) => {
    reply.headers(CACHED_HEADERS);
    return tell(request);
  });
  const setCached = async (_request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers(CACHED_HEADERS);
  };
  all("/cached-before", [setCached, verify], tell);
  all("/fault", undefined, async () => {
    throw new Error("fault");
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
type PreHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

export const fastifySubject: Subject = {
  name: "Fastify 5",
  listen: (setup) => listen(Fastify({ http: { maxHeaderSize: MAX_HEADER_SIZE } }), setup),
};

export const fastifyHttp2Subject: Subject = {
  name: "Fastify 5 over HTTP/2",
  protocol: "h2c",
  // To its types an app over HTTP/2 is another one, and to plugins it is the same.
  listen: (setup) => listen(Fastify({ http2: true, http: HTTP2_OPTIONS } as object), setup),
};
