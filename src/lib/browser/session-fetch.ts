import { abortable } from "./abortable.ts";
import { SessionClientError } from "./session-client-error.ts";
import type { PreparedCall, SessionCalls, Verdict } from "./session-calls.ts";

/** An answer, and where the client could not do its part, why. */
export type SessionResponse = Response & { readonly sessionError?: SessionClientError };

/**
 * Sends a request of the API as often as it takes, which is once or twice, and any other one as it is. Each time with the same bytes, as
 * they were when it was called.
 */
export async function sessionFetch(
  calls: SessionCalls,
  send: typeof fetch,
  input: RequestInfo | URL,
  init: RequestInit | undefined,
): Promise<SessionResponse> {
  const request = new Request(input, init);
  const { signal } = request;
  // A stream is not kept in memory for the case that it is wanted again.
  const canResend = !(init?.body instanceof ReadableStream);
  const prepared = request.credentials === "omit" ? undefined : await calls.prepare(request);
  if (prepared === undefined) return send(request);
  for (let call: PreparedCall = prepared; ;) {
    const copy = canResend && !call.isSecond ? request.clone() : request;
    const response = await send(dress(copy, call.headers));
    const verdict: Verdict = await abortable(calls.settle(call, response, canResend), signal);
    if (verdict === undefined) return response;
    if (verdict instanceof SessionClientError) return Object.assign(response, { sessionError: verdict });
    void response.body?.cancel();
    call = verdict;
  }
}

function dress(request: Request, headers: Readonly<Record<string, string>>): Request {
  const { referrer, referrerPolicy, credentials, redirect } = request;
  const names = Object.keys(headers);
  const isOwnOrigin = new URL(request.url).origin === globalThis.location?.origin;
  // Browsers keep headers when they follow a redirect to another origin, which must not get ours.
  const stays =
    names.length === 0 || redirect !== "follow"
      ? {}
      : isOwnOrigin
        ? { mode: "same-origin" as const }
        : { redirect: "error" as const };
  const dressed = new Request(request, {
    referrer,
    referrerPolicy,
    credentials: credentials === "same-origin" && !isOwnOrigin ? "include" : credentials,
    ...stays,
  });
  for (const name of names) dressed.headers.set(name, headers[name] ?? "");
  return dressed;
}
