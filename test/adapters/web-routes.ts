import type * as web from "counterfoil/web";
import type { Handler, RequestSession } from "counterfoil/web";
import {
  actingAs,
  AGAIN,
  CACHED_HEADERS,
  changeLate,
  detailsOf,
  FIRST,
  NEW_CLAIMS,
  OPTIONAL,
  OWN_CORS,
  PAGES,
  type Setup,
  signInOf,
  wait,
} from "./setup.ts";

type Entry = Pick<typeof web, "createNewSession" | "getSession" | "refreshSession" | "signOut" | "verifySession">;

const tell = (auth: RequestSession | undefined): Response =>
  Response.json({ user: auth?.getUserId() ?? null, claims: auth?.getJWTPayload() ?? null });

/** A body that sends its head first, and then what `work` gives. */
export function streamOf(work: () => Promise<string>): ReadableStream {
  let step = 0;
  return new ReadableStream({
    async pull(controller) {
      step += 1;
      controller.enqueue(new TextEncoder().encode(step === 1 ? "begin " : await work()));
      if (step === 2) controller.close();
    },
  });
}

/** After the answer has been handed over. */
export async function changeLater(auth: RequestSession | undefined): Promise<string> {
  await new Promise(setImmediate);
  return changeLate(auth);
}

export async function withOwnCors(answering: Response | Promise<Response>): Promise<Response> {
  const answer = await answering;
  for (const [name, value] of Object.entries(OWN_CORS)) answer.headers.set(name, value);
  return answer;
}

/** The routes over one of the entries whose handlers take Web requests. */
export function createRoutes(
  { createNewSession, getSession, refreshSession, signOut, verifySession }: Entry,
  { instance, other, clock }: Pick<Setup, "instance" | "other" | "clock">,
): Readonly<Record<string, Handler>> {
  return {
    async "/login"(request) {
      const user = new URL(request.url).searchParams.get("user") ?? "alice";
      await createNewSession(request, user, { ...instance, ...detailsOf(request.url) });
      return Response.json({ ok: true }, { headers: { "set-cookie": "app=1; Path=/" } });
    },
    "/api": verifySession((_request, auth) => tell(auth), instance),
    "/fresh": verifySession((_request, auth) => tell(auth), { ...instance, maxAuthAge: "5m" }),
    "/maybe": async (request) => tell(await getSession(request, { ...instance, sessionRequired: false })),
    "/page": async (request) => tell(await getSession(request, { ...instance, sessionRequired: false, page: true })),
    ...Object.fromEntries(
      Object.entries(PAGES).map(([path, options]): [string, Handler] => [
        path,
        async (request) => tell(await getSession(request, { ...instance, ...options })),
      ]),
    ),
    "/second": verifySession(
      verifySession((_request, auth) => tell(auth), { ...other, ...OPTIONAL }),
      instance,
    ),
    // Nothing is left on a Web request.
    "/foreign": verifySession((_request, auth) => tell(auth), { ...instance, ...OPTIONAL }),
    ...Object.fromEntries(
      AGAIN.map((path): [string, Handler] => [
        path,
        verifySession(async (request, auth) => {
          await auth?.reauthenticate(signInOf(request.url));
          return tell(await getSession(request, { ...instance, maxAuthAge: "1m", antiCsrfCheck: false }));
        }, instance),
      ]),
    ),
    "/out": async (request) => Response.json({ ok: await signOut(request, instance) }),
    "/renew": async (request) => Response.json({ user: (await refreshSession(request, instance)).getUserId() }),
    "/claims": verifySession(async (_request, auth) => {
      await auth?.updateJwtPayload(NEW_CLAIMS);
      return tell(auth);
    }, instance),
    "/leave": verifySession(async (_request, auth) => {
      await auth?.revokeSession();
      return Response.json({ ok: true });
    }, instance),
    "/act": verifySession(async (request, auth) => {
      const user = new URL(request.url).searchParams.get("user") ?? "";
      await createNewSession(request, user, { ...instance, ...actingAs(auth) });
      return Response.json({ ok: true });
    }, instance),
    "/echo": verifySession(async (request) => Response.json(await request.json()), instance),
    "/stream": verifySession((_request, auth) => new Response(streamOf(() => changeLater(auth))), instance),
    "/late": verifySession(
      async (request) => {
        wait({ clock }, request.url);
        return tell(await getSession(request, { ...instance, ...OPTIONAL }));
      },
      { ...instance, ...FIRST },
    ),
    // There is no response yet whose headers could be set.
    "/half": verifySession(async (_request, auth) => {
      await auth?.getSessionData();
      return Response.json({ ok: true });
    }, instance),
    "/cached": verifySession(
      async (_request, auth) => new Response(tell(auth).body, { headers: CACHED_HEADERS }),
      instance,
    ),
    // As above: a response comes after the check.
    "/cached-before": async (request) =>
      new Response(tell(await getSession(request, instance)).body, { headers: CACHED_HEADERS }),
    "/fault"() {
      throw new Error("fault");
    },
  };
}
