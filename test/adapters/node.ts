import type { ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import {
  createNewSession,
  getSession,
  type Handler,
  refreshSession,
  signOut,
  type Request,
  type RequestSession,
  withSessions,
  findSession,
} from "counterfoil/node";
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
import { listen, listenHttp2 } from "../fixtures/listen.ts";
import { type Subject } from "./subject.ts";

function send(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

const tell = (auth: RequestSession | undefined): object => ({
  user: auth?.getUserId() ?? null,
  claims: auth?.getJWTPayload() ?? null,
});

const authOf = (request: Request): RequestSession | undefined =>
  leftAs((request as { auth?: unknown }).auth, findSession(request));

function createRoutes({ instance, other, clock }: Setup): Readonly<Record<string, Handler>> {
  const verified =
    (work: (response: ServerResponse, auth: RequestSession, request: Request) => Promise<void>): Handler =>
    async (request, response) => {
      const auth = await getSession(request, response, instance);
      if (auth !== undefined) await work(response, auth, request);
    };
  const told =
    (options: Parameters<typeof getSession>[2]): Handler =>
    async (request, response) => {
      send(response, tell(await getSession(request, response, { ...instance, ...options })));
    };
  return {
    async "/login"(request, response) {
      response.appendHeader("set-cookie", "app=1; Path=/");
      const user = new URL(request.url ?? "", "http://local").searchParams.get("user") ?? "alice";
      await createNewSession(request, response, user, { ...instance, ...detailsOf(request.url) });
      send(response, { ok: true });
    },
    "/api": told({}),
    "/fresh": told({ maxAuthAge: "5m" }),
    "/maybe": told({ sessionRequired: false }),
    "/page": told({ sessionRequired: false, page: true }),
    ...Object.fromEntries(Object.entries(PAGES).map(([path, options]) => [path, told(options)])),
    "/second": verified(async (response, _auth, request) => {
      await getSession(request, response, { ...other, ...OPTIONAL });
      send(response, tell(authOf(request)));
    }),
    async "/foreign"(request, response) {
      Object.assign(request, { auth: FOREIGN_AUTH });
      await getSession(request, response, { ...instance, ...OPTIONAL });
      send(response, tell(authOf(request)));
    },
    ...Object.fromEntries(
      AGAIN.map((path) => [
        path,
        verified(async (response, auth, request) => {
          await auth.reauthenticate(signInOf(request.url));
          const options = { ...instance, maxAuthAge: "1m", antiCsrfCheck: false } as const;
          send(response, tell(await getSession(request, response, options)));
        }),
      ]),
    ),
    async "/out"(request, response) {
      send(response, { ok: await signOut(request, response, instance) });
    },
    async "/renew"(request, response) {
      send(response, { user: (await refreshSession(request, response, instance)).getUserId() });
    },
    "/claims": verified(async (response, auth) => {
      await auth.updateJwtPayload(NEW_CLAIMS);
      send(response, tell(auth));
    }),
    "/leave": verified(async (response, auth) => {
      await auth.revokeSession();
      send(response, { ok: true });
    }),
    "/act": verified(async (response, auth, request) => {
      const user = new URL(request.url ?? "", "http://local").searchParams.get("user") ?? "";
      await createNewSession(request, response, user, { ...instance, ...actingAs(auth) });
      send(response, { ok: true });
    }),
    "/echo": verified(async (response, _auth, request) => send(response, await json(request))),
    "/stream": verified(async (response, auth) => {
      response.write("begin ");
      response.end(await changeLate(auth));
    }),
    async "/late"(request, response) {
      await getSession(request, response, { ...instance, ...FIRST });
      wait({ clock }, request.url);
      send(response, tell(await getSession(request, response, { ...instance, ...OPTIONAL })));
    },
    "/half": verified(async (response, auth) => {
      for (const [name, value] of Object.entries(HALF_HEADERS)) response.setHeader(name, value);
      response.appendHeader("set-cookie", "app=1; Path=/");
      await auth.getSessionData();
      send(response, { ok: true });
    }),
    "/cached": verified(async (response, auth) => {
      for (const [name, value] of Object.entries(CACHED_HEADERS)) response.setHeader(name, value);
      send(response, tell(auth));
    }),
    async "/cached-before"(request, response) {
      for (const [name, value] of Object.entries(CACHED_HEADERS)) response.setHeader(name, value);
      send(response, tell(await getSession(request, response, instance)));
    },
    "/fault"() {
      throw new Error("fault");
    },
  };
}

export function createNodeListener(setup: Setup): ReturnType<typeof withSessions> {
  const routes = createRoutes(setup);
  const handler: Handler = (request, response) => {
    if (setup.ownCors !== undefined)
      for (const [name, value] of Object.entries(OWN_CORS)) response.setHeader(name, value);
    const route = routes[(request.url ?? "").replace(/\?.*/s, "")];
    if (route === undefined) send(response, { app: "not found" }, 404);
    else return route(request, response);
  };
  const options = {
    ...setup.instance,
    onError: (error: unknown, _request: Request, response: ServerResponse) => send(response, faultOf(error), 500),
  };
  const listener = withSessions(handler, options);
  return setup.twice ? withSessions(listener, options) : listener;
}

export const nodeSubject: Subject = {
  name: "node:http",
  listen: async (setup) => listen(createNodeListener(setup)),
};

export const nodeHttp2Subject: Subject = {
  name: "node:http2",
  protocol: "h2c",
  listen: async (setup) => listenHttp2(createNodeListener(setup)),
};
