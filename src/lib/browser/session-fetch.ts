import { CUSTOM_HEADER } from "../../protocol.ts";
import { abortable } from "./abortable.ts";
import { SessionClientError } from "./session-client-error.ts";
import type { PreparedCall, SessionCalls, Verdict } from "./session-calls.ts";

/** A response. `sessionError` says why the client could not do its part, if it could not. */
export type SessionResponse = Response & { readonly sessionError?: SessionClientError };

/**
 * Sends a request to the API once or twice, and any other request unchanged. Both times it sends
 * the bytes of the moment of the call.
 */
export async function sessionFetch(
  calls: SessionCalls,
  send: typeof fetch,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<SessionResponse> {
  // The Request of jsdom is Node's, which knows no page.
  const request = new Request(
    globalThis.document && typeof input === "string" ? new URL(input, document.baseURI) : input,
    init,
  );
  const { url, method, signal } = request;
  // A stream is not kept in memory for a second request.
  const canResend = !(init?.body instanceof ReadableStream);
  let call: PreparedCall | undefined;
  if (request.credentials !== "omit") call = await calls.prepare({ url, method, signal });
  if (!call) return send(request);
  for (;;) {
    const copy: Request = canResend ? request.clone() : request;
    for (const name in call.headers) copy.headers.set(name, call.headers[name] ?? "");
    const response: Response = await send(copy, limit(copy, call));
    const verdict: Verdict = await abortable(calls.judge(call, response, canResend), signal);
    if (!verdict) return response;
    if (verdict instanceof SessionClientError) return Object.assign(response, { sessionError: verdict });
    void response.body?.cancel();
    call = verdict;
  }
}

/** The target of a request, and the headers for it. */
function limit(
  { url, referrer, referrerPolicy, credentials, redirect }: Request,
  { headers }: PreparedCall,
): RequestInit {
  const isOwnOrigin = new URL(url).origin === globalThis.location?.origin;
  return {
    // Any option resets these two to their defaults.
    referrer,
    referrerPolicy,
    // A call with "omit" does not get here.
    credentials: isOwnOrigin ? credentials : "include",
    // Browsers keep headers when they follow a redirect to another origin, which must not get ours.
    ...(headers[CUSTOM_HEADER] &&
      redirect === "follow" &&
      (isOwnOrigin ? { mode: "same-origin" } : { redirect: "error" })),
  };
}
