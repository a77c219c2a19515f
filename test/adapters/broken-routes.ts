/**
 * Pages that are refreshed wrongly, and sessions of others, as routes that stand in for the sound
 * ones.
 */
import type { RequestListener, ServerResponse } from "node:http";
import { Error as AuthError, type SessionError } from "counterfoil";
import { getSession, type Handler, refreshSession, type RequestSession, withSessions } from "counterfoil/node";
import { FIRST, FOREIGN_AUTH, OPTIONAL, PAGES, type Setup, wait } from "./setup.ts";

/** Routes by their path. */
export type Routes = Readonly<Record<string, RequestListener>>;

const send = (response: ServerResponse, user: string | undefined): void =>
  void response.end(JSON.stringify({ user: user ?? null, claims: user === undefined ? null : { role: "member" } }));

/** The pages, each by what it makes of a refusal. */
function createPages(
  { instance }: Setup,
  onRefusal: (error: SessionError, ...pair: Parameters<Handler>) => Promise<RequestSession | undefined>,
): Routes {
  const pages = Object.entries(PAGES).map(([path, options]): [string, RequestListener] => [
    path,
    withSessions(async (request, response) => {
      let session: RequestSession | undefined;
      try {
        session = await getSession(request, response, { ...instance, ...options });
      } catch (error) {
        if (!AuthError.isErrorFromAuth(error)) throw error;
        session = await onRefusal(error, request, response);
      }
      send(response, session?.getUserId().toString());
    }, instance),
  ]);
  return Object.fromEntries(pages);
}

/** Takes a refresh for an answer to whatever was refused. */
export const refreshesWhateverIsRefused = (setup: Setup): Routes =>
  createPages(setup, async (_error, request, response) => refreshSession(request, response, setup.instance));

/** Renders a page for a session that is over. */
export const rendersEndedSessions = (setup: Setup): Routes =>
  createPages(setup, async (error) => {
    if (error.errType !== AuthError.UNAUTHORISED) throw error;
    return { getUserId: () => "alice" } as RequestSession;
  });

/** Judges a request anew each time, by the clock. */
export const judgesAnew = ({ instance, clock }: Setup): Routes => ({
  "/late": withSessions(async (request, response) => {
    await getSession(request, response, { ...instance, ...FIRST });
    wait({ clock }, request.url);
    const copy = Object.create(request) as typeof request;
    send(response, (await getSession(copy, response, { ...instance, ...OPTIONAL }))?.getUserId().toString());
  }, instance),
});

/** Refreshes for a page load, and sends it wherever the link says. */
export const comesBackAnywhere = ({ instance }: Setup): Routes => ({
  "/session/refresh": (request, response) => {
    const to = new URL(request.url ?? "", "http://local").searchParams.get("to") ?? "/";
    const refreshing = refreshSession(request, response, instance);
    void refreshing.finally(() => response.writeHead(303, { location: to }).end()).catch(() => undefined);
  },
});

/** Keeps what stands on the request when nobody is signed in. */
export const keepsWhatItFinds = ({ instance, other }: Setup): Routes => ({
  "/second": withSessions(async (request, response) => {
    const first = await getSession(request, response, instance);
    const second = await getSession(request, response, { ...other, ...OPTIONAL });
    send(response, (second ?? first)?.getUserId().toString());
  }, instance),
  "/foreign": withSessions(async (request, response) => {
    const own = await getSession(request, response, { ...instance, ...OPTIONAL });
    send(response, (own ?? FOREIGN_AUTH).getUserId().toString());
  }, instance),
});
