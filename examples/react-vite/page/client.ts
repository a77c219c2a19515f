import { createSessionClient, type SessionResponse } from "counterfoil/browser";
import { withDevices } from "counterfoil/devices";
import { STEP_UP_MESSAGE } from "counterfoil/protocol";
import type { Answer, Body, Claims, Route } from "../shared/api.ts";

/** In development the API is on another origin. In a build it is on the page's own. */
const api = import.meta.env.VITE_API_ORIGIN ?? location.origin;

/** One for the page. Its `fetch` refreshes, and sends a refused call again. */
export const client = withDevices(createSessionClient<Claims>({ api }), { api });

/**
 * Calls the API as the user of the page.
 *
 * @throws Error with a text for the user
 */
export const call = <R extends Route>(route: R, body: Body<R>): Promise<Answer<R>> => send(client.fetch, route, body);

/**
 * Signs in. It is no ordinary call: it waits until no tab refreshes, and never asks for a step-up.
 *
 * @throws Error with a text for the user
 */
export const signIn = <R extends Route>(route: R, body: Body<R>): Promise<Answer<R>> =>
  send((url, init) => client.signIn(url, init), route, body);

type Send = (url: string, init: RequestInit) => Promise<SessionResponse>;

async function send<R extends Route>(how: Send, route: R, body: Body<R>): Promise<Answer<R>> {
  const [method = "", path = ""] = route.split(" ");
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await how(api + path, init);
  if (response.sessionError?.code === "COOKIES_BLOCKED") throw new Error("Please allow cookies for this site.");
  const answer = (await response.json()) as Answer<R> & { message?: string; claim?: string };
  if (answer.claim !== undefined) throw new Error(`You need another ${answer.claim} for this.`);
  if (answer.message === STEP_UP_MESSAGE) throw new Error("Nothing was done, because you did not confirm it.");
  if (!response.ok) throw new Error(answer.message ?? `The server answered ${response.status}.`);
  return answer;
}

/** What to show of an error. */
export const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
